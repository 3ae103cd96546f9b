/** Emulated boards that lose their power, or are reset, at any moment; what their slots hold stays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EmulatedBoard } from '../../../devices/qemu/device.ts';
import { Machine } from '../../../devices/qemu/machine.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import { openPort } from '../../../devices/serial/port.ts';

export interface CrashingBoard {
  /** The board as it is after power-on; the monitor of before is closed. */
  start(): Promise<Monitor>;
  /** At once: it does not wait for whatever the board is doing. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

async function greet(machine: Machine): Promise<Monitor> {
  return Monitor.open(await openPort(machine.port, { timed: false }), { silenceSeconds: 30 });
}

/** The memory that QEMU gives the slots of these boards, which a file can stand for. */
const memories: Readonly<Record<string, string>> = { 'mps2-an385': '16M', 'mps2-an386': '16M', 'virt-rv32': '128M' };

export interface KilledBoard extends CrashingBoard {
  /** The file that is the board's memory while it runs, too. */
  readonly memory: string;
}

/** QEMU ends by SIGKILL; the memory of the slots is a file, in which every single write of the board has arrived. */
export function killedBoard(board: EmulatedBoard, elf: string): KilledBoard {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-crash-'));
  const memory = join(folder, 'memory');
  const backend = `memory-backend-file,id=slots,size=${memories[board.name]},mem-path=${memory},share=on`;
  const extraArguments = ['-object', backend, '-machine', 'memory-backend=slots'];
  let machine: Machine | undefined;
  let monitor: Monitor | undefined;
  const crash = async () => machine?.kill();
  return {
    memory,
    async start() {
      await monitor?.close();
      machine = await Machine.start(board, { elf, extraArguments });
      monitor = await greet(machine);
      return monitor;
    },
    crash,
    async close() {
      await crash();
      await monitor?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** QEMU stays; the board is reset at whatever instruction it is. For flash that no file can stand for (microbit). */
export function resetBoard(board: EmulatedBoard, elf: string): CrashingBoard {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-crash-'));
  const path = join(folder, 'qmp');
  let machine: Machine | undefined;
  let control: QmpClient | undefined;
  let monitor: Monitor | undefined;
  return {
    async start() {
      await monitor?.close();
      machine ??= await Machine.start(board, { elf, extraArguments: ['-qmp', `unix:${path},server=on,wait=off`] });
      control ??= await QmpClient.connect(path);
      monitor = await greet(machine);
      return monitor;
    },
    async crash() {
      await control?.execute('system_reset', 'RESET');
    },
    async close() {
      await monitor?.close();
      control?.close();
      await machine?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** QEMU's control socket. */
class QmpClient {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly socket: Socket) {
    this.lines = createInterface(socket)[Symbol.asyncIterator]();
  }

  static async connect(path: string): Promise<QmpClient> {
    const client = new QmpClient(createConnection(path));
    await client.execute('qmp_capabilities', 'return');
    return client;
  }

  /** @param until the event, or key of the answer, that says that it is done */
  async execute(command: string, until: string): Promise<void> {
    this.socket.write(`{"execute":"${command}"}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`QEMU ended before it answered ${command}`);
      const message = JSON.parse(value);
      if (message.event === until || until in message) return;
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
