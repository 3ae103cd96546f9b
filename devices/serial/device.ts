/** Device serial: a board with the firmware monitor on a serial port. */
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import { boardNamed } from '../../targets/boards/index.ts';
import type { DeviceKind, FoundDevice } from '../device.ts';
import { BoardDevice } from './board-device.ts';
import { Monitor } from './monitor.ts';
import { DEFAULT_BAUD, openPort } from './port.ts';
import { listPorts, type Port } from './ports.ts';
import { wiringOf } from './wiring.ts';

function describePort({ path, title, boards, ...facts }: Port): FoundDevice {
  const guess = boards.length ? ` (${boards.join(', ')}?)` : '';
  return { name: `serial:${path}`, title: `${title ?? 'serial port'}${guess}`, ready: true, facts: { ...facts, boards } };
}

export const serial: DeviceKind = {
  name: 'serial',
  argument: 'PORT[@BAUD]',
  async list() {
    return (await listPorts()).map(describePort);
  },
  async open(options, argument = '') {
    if (!argument) throw new UsageError('--on serial: say which port: serial:PORT; whittle devices lists them');
    if (options.board !== undefined) wiringOf(boardNamed(options.board));
    const [, path = argument, baud] = /^(.*)@(\d+)$/.exec(argument) ?? [];
    const wire = await openPort(path, { baud: baud === undefined ? DEFAULT_BAUD : Number(baud) });
    let monitor: Monitor;
    try {
      const { silenceSeconds, log } = options;
      monitor = await Monitor.open(wire, {
        onText: (line) => log?.(`board: ${line}`),
        ...(silenceSeconds !== undefined && { silenceSeconds }),
      });
      const { board } = monitor.info;
      if (board !== (options.board ?? board))
        throw new DeviceError(`${path}: this is a ${board}, not a ${options.board}; whittle devices lists the ports`);
    } catch (error) {
      await wire.close();
      throw error;
    }
    return new BoardDevice(
      { name: `serial:${argument}`, counts: 'time', connect: async () => monitor, close: () => wire.close() },
      options,
    );
  },
};
