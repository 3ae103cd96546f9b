/**
 * Lines that damage bytes, and boards that lose their power: uploads of real models end whole or with a clear error, and a
 * board whose update was cut off anywhere answers with the old or the new model. Seeds are printed.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFile } from '../../compiler/compile-file.ts';
import { DeviceError } from '../../compiler/errors.ts';
import { type PackedModel, readPackedModel } from '../../compiler/packed/read.ts';
import { syntheticInput } from '../../devices/bench.ts';
import { openDevice } from '../../devices/index.ts';
import type { EmulatedBoard } from '../../devices/qemu/device.ts';
import { Machine } from '../../devices/qemu/machine.ts';
import { buildFirmware, int8Opcodes } from '../../devices/serial/firmware-build.ts';
import { type PlacedTensor, readImageLayout } from '../../devices/serial/image-layout.ts';
import { Monitor } from '../../devices/serial/monitor.ts';
import { openPort } from '../../devices/serial/port.ts';
import * as protocol from '../../devices/serial/protocol.ts';
import type { Wire } from '../../devices/serial/wire.ts';
import { type Wiring, wirings } from '../../devices/serial/wiring.ts';
import { boardNamed } from '../../targets/boards/index.ts';
import { writeBoardImage } from '../../targets/mcu/image.ts';
import { type CrashingBoard, killedBoard, resetBoard } from '../devices/qemu/crashing-board.ts';
import { canEmulate } from '../devices/serial/emulated.ts';
import { type Faults, faultyWire } from '../devices/serial/faulty-wire.ts';
import { createRandom } from '../devices/serial/random.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

/** A model as a board gets it, and what it answers. */
interface Version {
  readonly name: string;
  readonly image: Uint8Array;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

async function version(name: string, model: PackedModel, board: EmulatedBoard): Promise<Version> {
  const input = syntheticInput(model);
  const node = await openDevice('node');
  try {
    await node.deploy({ model: model.bytes, kernels: 'all' });
    const [output] = (await node.infer([input])) as [Uint8Array];
    const { bytes: image } = await writeBoardImage(model, board.vocabulary);
    return { name, image, input, output };
  } finally {
    await node.close();
  }
}

/** Proves that the board has this model, whole: every byte of its image, and one answer. */
async function expectAnswersAs(monitor: Monitor, { name, image, input, output }: Version): Promise<void> {
  expect(await monitor.crc32(protocol.AREA_IMAGE, 0, image.length), name).toBe(crc32(image));
  const { inputs, outputs } = readImageLayout(image);
  const [to, from] = [inputs[0], outputs[0]] as [PlacedTensor, PlacedTensor];
  await monitor.write(to.area, to.offset, input);
  await monitor.run(1);
  expect(await monitor.read(from.area, from.offset, from.bytes), name).toEqual(output);
}

interface Line extends Omit<Faults, 'seed'> {
  readonly title: string;
}

const lines: readonly Line[] = [
  { title: '1 % dropped', drop: 0.01 },
  { title: '1 % flipped', flip: 0.01 },
  { title: '1 % doubled', double: 0.01 },
  { title: '1 % of all three, 1 % of the pieces late', drop: 0.0034, flip: 0.0033, double: 0.0033, delay: 0.01, delayMs: 150 },
  { title: 'bursts of up to 64 bytes', burst: 0.001, burstBytes: 64 },
];

/** Seeds of the lines, and of the moments at which boards crash. */
const seeds = [1, 2];

const crashes: readonly {
  readonly board: string;
  readonly count: number;
  readonly how: (board: EmulatedBoard, elf: string) => CrashingBoard;
}[] = [
  { board: 'mps2-an386', count: 100, how: killedBoard },
  { board: 'virt-rv32', count: 50, how: killedBoard },
  { board: 'microbit', count: 50, how: resetBoard },
];

/** Kilobytes of flash and RAM that even a microbit has, and two versions of it: an update as in life. */
const updated = { onnx: 'mnist-lenet/lenet300100_sparse.onnx', samples: 'mnist-lenet/calibration.dataset.json' };

/** Where a crash may come: between any two bytes of the upload, or while the board makes the new model its own. */
function crashAfter(board: CrashingBoard, random: () => number, bytes: number) {
  let crashed: Promise<void> | undefined;
  let state: 'old' | 'either' = 'old';
  const isLate = random() < 0.5;
  const from = isLate ? bytes : Math.floor(random() * bytes);
  const delayMs = random() * (isLate ? COMMIT_MS : REQUEST_MS);
  const crash = () => {
    crashed ??= board.crash();
    return crashed;
  };
  let isArmed = false;
  const onProgress = (done: number) => {
    if (done === bytes) state = 'either';
    if (done < from || isArmed) return;
    isArmed = true;
    setTimeout(crash, delayMs);
  };
  return { onProgress, crash, whatRemains: () => state };
}

/** About what a COMMIT, and a WRITE, take here. */
const COMMIT_MS = 8;
const REQUEST_MS = 30;

interface Tally {
  old: number;
  new: number;
  /** Crashes after the new model was confirmed. */
  late: number;
}

/** Updates the board between two versions, again and again, and cuts every update off. */
async function crashRepeatedly(board: CrashingBoard, versions: readonly [Version, Version], count: number, seed: number): Promise<Tally> {
  const random = createRandom(seed);
  const tally = { old: 0, new: 0, late: 0 };
  let monitor = await board.start();
  await monitor.upload(versions[0].image);
  let current = 0;
  for (let i = 0; i < count; i++) {
    const next = 1 - current;
    const { image } = versions[next] as Version;
    const { onProgress, crash, whatRemains } = crashAfter(board, random, image.length);
    const confirmed = await monitor.upload(image, onProgress).then(
      () => true,
      (error) => {
        expect(error).toBeInstanceOf(DeviceError);
        return false;
      },
    );
    await crash();
    monitor = await board.start();
    const { model, crashAddress } = monitor.info;
    const where = `seed ${seed}, crash ${i}: ${JSON.stringify(monitor.info)}`;
    expect(crashAddress, where).toBeUndefined();
    const found = versions.findIndex((candidate) => crc32(candidate.image) === model?.crc32);
    if (confirmed) expect(found, where).toBe(next);
    else if (whatRemains() === 'old') expect(found, where).toBe(current);
    else expect(found, where).toBeGreaterThanOrEqual(0);
    await expectAnswersAs(monitor, versions[found] as Version);
    if (found === current) tally.old++;
    else tally.new++;
    if (confirmed) tally.late++;
    current = found;
  }
  return tally;
}

describeWithSharedData('faults', () => {
  const packed: PackedModel[] = [];
  let dscnn: PackedModel;
  const rows: string[] = [];

  beforeAll(async () => {
    for (const limit of [10, 30]) {
      const options = { name: `calibrated on ${limit}`, samples: sharedData(updated.samples), limit, encoding: 'bytes' } as const;
      packed.push(readPackedModel((await compileFile(sharedData(updated.onnx), options)).bytes));
    }
    const keywords = { name: 'DS-CNN', samples: sharedData('kws-dscnn/dev.dataset.json'), limit: 10 };
    dscnn = readPackedModel((await compileFile(sharedData('kws-dscnn/model_fp32.onnx'), keywords)).bytes);
  });
  afterAll(() => console.log(['', ...rows, ''].join('\n')));

  describe.skipIf(!canEmulate('mps2-an386'))('a whole upload of the DS-CNN', () => {
    const board = boardNamed('mps2-an386') as EmulatedBoard;

    const onBoard = async (work: (wire: Wire) => Promise<void>) => {
      const machine = await Machine.start(board, { elf: (await buildFirmware(board, int8Opcodes)).elf });
      try {
        const wire = await openPort(machine.port, { timed: false });
        await work(wire).finally(() => wire.close());
      } finally {
        await machine.kill();
      }
    };

    for (const { title, ...faults } of lines)
      test.concurrent.for(seeds)(`over a line with ${title}, seed %i`, (seed) =>
        onBoard(async (wire) => {
          const model = await version('DS-CNN', dscnn, board);
          const faulty = faultyWire(wire, { seed, ...faults });
          const monitor = await Monitor.open(faulty);
          const start = performance.now();
          await monitor.upload(model.image);
          const seconds = ((performance.now() - start) / 1000).toFixed(1);
          const { requests, repeats } = monitor.link.statistics;
          rows.push(
            `${title}, seed ${seed}: ${model.image.length} bytes in ${seconds} s, ${faulty.damaged()} damaged, ${repeats} of ${requests} requests again`,
          );
          await expectAnswersAs(await Monitor.open(wire), model);
        }),
      );

    test.concurrent('over a line that loses most frames ends with a clear error, and the old model stays', () =>
      onBoard(async (wire) => {
        const old = await version('old', packed[0] as PackedModel, board);
        const { image } = await version('DS-CNN', dscnn, board);
        await (await Monitor.open(wire)).upload(old.image);
        const update = Monitor.open(faultyWire(wire, { seed: 1, drop: 0.3 }), { silenceSeconds: 2 }).then((monitor) =>
          monitor.upload(image),
        );
        await expect(update).rejects.toThrow(/has not answered for 2 s|copies of one frame arrived damaged/);
        await expectAnswersAs(await Monitor.open(wire), old);
      }));
  });

  describe('a board that crashes while its model is updated answers with the old or the new one', () => {
    for (const { board: name, count, how } of crashes)
      test.skipIf(!canEmulate(name)).concurrent(`${name}, ${count} times`, async () => {
        const board = boardNamed(name) as EmulatedBoard;
        const [first, second] = packed as [PackedModel, PackedModel];
        const versions = [await version('first', first, board), await version('second', second, board)] as const;
        expect(versions[0].output).not.toEqual(versions[1].output);
        const crashing = how(board, (await buildFirmware(board, int8Opcodes)).elf);
        const start = performance.now();
        try {
          const tally = await crashRepeatedly(crashing, versions, count, seeds[0] as number);
          rows.push(
            `${name}: ${count} crashes (seed ${seeds[0]}) in ${((performance.now() - start) / 1000).toFixed(0)} s: ${tally.old} times the old model, ${tally.new} times the new one, ${tally.late} of them confirmed before`,
          );
        } finally {
          await crashing.close();
        }
      });

    test.skipIf(!canEmulate('mps2-an386'))('mps2-an386, after every byte of the commit record', async () => {
      const board = boardNamed('mps2-an386') as EmulatedBoard;
      const [first, second] = packed as [PackedModel, PackedModel];
      const versions = [await version('first', first, board), await version('second', second, board)] as const;
      const crashing = killedBoard(board, (await buildFirmware(board, int8Opcodes)).elf);
      const [origin, slot] = (wirings[board.name] as Wiring).memory.slots.map((place) => place.origin) as [number, number];
      try {
        const monitor = await crashing.start();
        for (const { image } of versions) await monitor.upload(image);
        const file = openSync(crashing.memory, 'r+');
        const record = Buffer.alloc(protocol.RECORD_BYTES);
        readSync(file, record, 0, record.length, slot - origin);
        expect(record.readUInt32LE(protocol.RECORD_MAGIC * 4)).toBe(protocol.RECORD_MAGIC_VALUE);
        for (let written = 0; written <= record.length; written++) {
          const torn = Buffer.alloc(record.length, 0xff);
          record.copy(torn, 0, 0, written);
          writeSync(file, torn, 0, torn.length, slot - origin);
          await monitor.restart();
          await expectAnswersAs(monitor, versions[torn.equals(record) ? 1 : 0] as Version);
        }
        closeSync(file);
      } finally {
        await crashing.close();
      }
    });
  });
});
