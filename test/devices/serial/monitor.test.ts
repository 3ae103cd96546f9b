/** The real firmware, compiled here, on emulated boards, over a real pseudo-terminal. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../devices/serial/frame.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import * as protocol from '../../../devices/serial/protocol.ts';
import { vocabularyCodes } from '../../../targets/mcu/vocabulary.ts';
import { canEmulate, startBoard } from './emulated.ts';
import { faultyWire } from './faulty-wire.ts';
import { createRandom } from './random.ts';

const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);

function randomBytes(length: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

async function begin(monitor: Monitor, bytes: number): Promise<void> {
  await monitor.link.request(protocol.REQUEST_BEGIN, words(bytes));
}

for (const name of ['mps2-an386', 'microbit', 'virt-rv32']) {
  describe.skipIf(!canEmulate(name))(`monitor on ${name}`, () => {
    test('tells what it is, keeps what is written, and restarts', async () => {
      const { wire, board } = await startBoard(name);
      const monitor = await Monitor.open(wire);
      const { info } = monitor;
      expect(info).toMatchObject({ board: name, core: board.core, vocabulary: vocabularyCodes[board.vocabulary], slots: 2 });
      expect(info.clock).toBe(board.core.startsWith('cortex') ? 'SysTick' : 'mcycle');
      expect(info.arenaLimitBytes).toBeGreaterThan(board.ram.bytes - 8192);
      expect(info.model).toBeUndefined();
      expect(info.crashAddress).toBeUndefined();

      const data = randomBytes(5003, 1);
      await begin(monitor, data.length);
      await monitor.write(protocol.AREA_NEW_IMAGE, 0, data);
      expect(await monitor.crc32(protocol.AREA_NEW_IMAGE, 0, data.length)).toBe(crc32(data));
      expect(await monitor.read(protocol.AREA_NEW_IMAGE, 13, 4000)).toEqual(data.slice(13, 4013));
      await monitor.restart();
      await expect(monitor.read(protocol.AREA_NEW_IMAGE, 0, 4)).rejects.toThrow(/has no model/);
    });
  });
}

describe.skipIf(!canEmulate('mps2-an386'))('monitor', () => {
  test('a repeated request is answered again and executed once, an old one is dropped', async () => {
    const { wire } = await startBoard('mps2-an386');
    const frames: string[] = [];
    const session = 0x12345678;
    let heard = () => {};
    const reader = new FrameReader();
    wire.listen(
      (bytes) => {
        for (const item of reader.receive(bytes))
          if ('frame' in item)
            frames.push(`${item.frame.type & 0x7f} ${item.frame.sequence} ${item.frame.status} ${item.frame.payload.length}`);
        heard();
      },
      () => {},
    );
    const until = (done: () => boolean) =>
      new Promise<void>((resolve) => {
        heard = () => done() && resolve();
        heard();
      });
    const send = (type: number, sequence: number, payload: Uint8Array, of = session) =>
      wire.write(encodeFrame({ type, status: 0, sequence, session: of, payload }));
    const hello = setInterval(() => send(protocol.REQUEST_HELLO, 100, words()), 200);
    await until(() => frames.length > 0);
    clearInterval(hello);
    // Answers come in order: behind this one comes none of the others.
    await send(protocol.REQUEST_HELLO, 99, words());
    await until(() => frames.some((frame) => frame.split(' ')[1] === '99'));
    frames.length = 0;

    await send(protocol.REQUEST_BEGIN, 101, words(64));
    const chunk = new Uint8Array(32).fill(7);
    const write = new Uint8Array([...words(protocol.AREA_NEW_IMAGE, 0), ...chunk]);
    await send(protocol.REQUEST_WRITE, 102, write);
    // Again: executed twice it would be refused, as the next bytes belong behind these.
    await send(protocol.REQUEST_WRITE, 102, write);
    await send(protocol.REQUEST_BEGIN, 101, words(64));
    await send(protocol.REQUEST_WRITE, 103, write);
    await send(protocol.REQUEST_WRITE, 104, write, session + 1);
    const damaged = encodeFrame({ type: protocol.REQUEST_WRITE, status: 0, sequence: 105, session, payload: write });
    damaged[20] = (damaged[20] as number) ^ 0x40;
    await wire.write(damaged);
    await send(protocol.REQUEST_CRC, 106, words(protocol.AREA_NEW_IMAGE, 0, 32));
    await until(() => frames.length >= 8);
    expect(frames).toEqual([
      `${protocol.REQUEST_BEGIN} 101 ${protocol.RESULT_BUSY} 0`,
      `${protocol.REQUEST_BEGIN} 101 ${protocol.RESULT_OK} 4`,
      `${protocol.REQUEST_WRITE} 102 ${protocol.RESULT_OK} 0`,
      `${protocol.REQUEST_WRITE} 102 ${protocol.RESULT_OK} 0`,
      `${protocol.REQUEST_WRITE} 103 ${protocol.RESULT_BAD_ORDER} 4`,
      `${protocol.REQUEST_WRITE} 104 ${protocol.RESULT_UNKNOWN_SESSION} 0`,
      `${protocol.ANSWER_DAMAGED & 0x7f} 0 ${protocol.RESULT_OK} 0`,
      `${protocol.REQUEST_CRC} 106 ${protocol.RESULT_OK} 4`,
    ]);
  });

  test('over a line with faults everything arrives, or an error says that the line is too bad', async () => {
    const { wire } = await startBoard('mps2-an386');
    const faulty = faultyWire(wire, {
      seed: 3,
      drop: 0.001,
      flip: 0.001,
      double: 0.001,
      burst: 0.0005,
      burstBytes: 30,
      delay: 0.05,
      delayMs: 30,
    });
    const monitor = await Monitor.open(faulty);
    const data = randomBytes(3_000, 4);
    await begin(monitor, data.length);
    await monitor.write(protocol.AREA_NEW_IMAGE, 0, data);
    expect(await monitor.read(protocol.AREA_NEW_IMAGE, 0, data.length)).toEqual(data);
    expect(faulty.damaged()).toBeGreaterThan(10);
    expect(monitor.link.statistics.repeats).toBeGreaterThan(3);

    await expect(Monitor.open(faultyWire(wire, { seed: 5, drop: 0.5 }), { silenceSeconds: 1 })).rejects.toThrow(
      /not answered for 1 s|arrived damaged/,
    );
  });

  test('frames whose answers never arrive whole become shorter, and what the board has is not written again', async () => {
    const { wire } = await startBoard('mps2-an386');
    let isLong = false;
    const offsets: number[] = [];
    const monitor = await Monitor.open({
      name: wire.name,
      baud: wire.baud,
      write: (bytes) => {
        isLong = bytes.length > 200;
        return wire.write(bytes);
      },
      listen: (onData, onEnd) => wire.listen((bytes) => onData(isLong ? bytes.map((byte) => (byte > 1 ? byte ^ 1 : byte)) : bytes), onEnd),
      close: () => wire.close(),
    });
    const data = randomBytes(2000, 6);
    await begin(monitor, data.length);
    await monitor.write(protocol.AREA_NEW_IMAGE, 0, data, (done) => offsets.push(done));
    expect(await monitor.read(protocol.AREA_NEW_IMAGE, 0, data.length)).toEqual(data);
    // The first long frame was executed: from there the short ones go on.
    expect(offsets.find((done) => done > 0)).toBeGreaterThan(900);
  });

  test('requests that leave their area are refused', async () => {
    const { wire } = await startBoard('mps2-an386');
    const monitor = await Monitor.open(wire);
    await begin(monitor, 100);
    await monitor.write(protocol.AREA_NEW_IMAGE, 0, new Uint8Array(64));
    for (const [offset, bytes] of [
      [0, 65],
      [65, 0],
      [0xfffffff0, 32],
      [32, 0xffffffff],
    ] as const)
      await expect(monitor.crc32(protocol.AREA_NEW_IMAGE, offset, bytes)).rejects.toThrow(/request crc was refused/);
    await expect(monitor.write(protocol.AREA_NEW_IMAGE, 64, new Uint8Array(64))).rejects.toThrow(/request write was refused/);
    await expect(monitor.upload(new Uint8Array(5 << 20))).rejects.toThrow(/a slot of mps2-an386 has/);
  });
});
