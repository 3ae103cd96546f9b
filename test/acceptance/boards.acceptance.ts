/**
 * The five networks on every emulated board, through the serial link: every output equal to Node's, on twenty samples.
 * One model is uploaded over the line on each board, by the command line; the others lie in its memory from the start.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BudgetError } from '../../compiler/errors.ts';
import { packageRoot } from '../../compiler/root.ts';
import type { Device, DeviceOptions } from '../../devices/device.ts';
import { evaluate } from '../../devices/evaluate.ts';
import { openDevice } from '../../devices/index.ts';
import { type EmulatedBoard, emulatedBoards } from '../../devices/qemu/device.ts';
import { buildFirmware, int8Opcodes } from '../../devices/serial/firmware-build.ts';
import { fitBoard } from '../../targets/mcu/fit.ts';
import { type BoardModel, boardModelSources, compileBoardModel } from '../devices/qemu/board-models.ts';
import { canEmulate } from '../devices/serial/emulated.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

type ModelName = (typeof boardModelSources)[number]['name'];

/** By `whittle eval`, over the line; where it is too large for the board, layer by layer. */
const uploaded: ModelName = 'DS-CNN';

/** On a board that is too small for it, this runs layer by layer, too. */
const streamed: ModelName = 'AD autoencoder';

const runFile = promisify(execFile);

/** What `whittle eval` computes, and the bytes behind it. */
async function evaluateOn(name: string, { model, samples }: BoardModel, options: DeviceOptions = {}) {
  const device = await openDevice(name, options);
  const outputs: Uint8Array[] = [];
  const recording: Device = Object.create(device, {
    infer: {
      value: async (inputs: readonly Uint8Array[]) => {
        const results = await device.infer(inputs);
        outputs.push(...results);
        return results;
      },
    },
  });
  try {
    await device.deploy({ model: model.bytes, kernels: 'all' });
    return { ...(await evaluate({ model, samples, device: recording })), outputs };
  } finally {
    await device.close();
  }
}

describeWithSharedData('the five networks on emulated boards', () => {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-boards-'));
  const models = new Map<ModelName, BoardModel>();
  const expected = new Map<ModelName, Awaited<ReturnType<typeof evaluateOn>>>();
  const rows: string[] = [];

  beforeAll(async () => {
    for (const source of boardModelSources) {
      const compiled = await compileBoardModel(source);
      models.set(source.name, compiled);
      expected.set(source.name, await evaluateOn('node', compiled));
    }
    writeFileSync(join(folder, 'uploaded.whittle'), (models.get(uploaded) as BoardModel).model.bytes);
    for (const board of emulatedBoards) if (canEmulate(board.name)) await buildFirmware(board, int8Opcodes);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    console.log(['', ...rows, ''].join('\n'));
  });

  /** Runs the model, or proves that it cannot: `check` has to say the same, and why. @returns how it ran */
  async function runOn(board: EmulatedBoard, name: ModelName): Promise<string> {
    const compiled = models.get(name) as BoardModel;
    const node = expected.get(name);
    const on = `qemu:${board.name}`;
    try {
      const { outputs, outputCrc32 } = await evaluateOn(on, compiled, { preload: true });
      expect(outputs).toEqual(node?.outputs);
      expect(outputCrc32).toBe(node?.outputCrc32);
      return 'equal';
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
    }
    const { fits, flash, ram } = await fitBoard(compiled.model, board);
    expect(fits, `${name} on ${board.name}: check says that it fits`).toBe(false);
    const short = [
      ...(flash.neededBytes > flash.availableBytes ? [`flash ${flash.neededBytes} of ${flash.availableBytes}`] : []),
      ...(ram.neededBytes > ram.availableBytes ? [`RAM ${ram.neededBytes} of ${ram.availableBytes}`] : []),
    ];
    const why = `does not fit (check: ${short.join(', ')} bytes)`;
    if (name !== streamed) return why;
    const { outputs } = await evaluateOn(on, compiled, { stream: true });
    expect(outputs).toEqual(node?.outputs);
    return `${why}, layer by layer equal`;
  }

  for (const board of emulatedBoards) {
    describe.skipIf(!canEmulate(board.name)).concurrent(`${board.name} (${board.core}, ${board.vocabulary})`, () => {
      test(`${uploaded} uploaded by whittle eval`, async () => {
        const { samples } = boardModelSources.find(({ name }) => name === uploaded) as { samples: string };
        const verb = ['eval', join(folder, 'uploaded.whittle'), '--samples', sharedData(samples), '--limit', '20', '--stream'];
        const argv = [join(packageRoot, 'dist', 'whittle.js'), ...verb, '--on', `qemu:${board.name}`, '--json'];
        const { stdout } = await runFile(process.execPath, argv);
        const { samples: count, variant, outputCrc32 } = JSON.parse(stdout);
        expect({ count, variant, outputCrc32 }).toEqual({
          count: 20,
          variant: board.vocabulary,
          outputCrc32: expected.get(uploaded)?.outputCrc32,
        });
      });

      test.for(boardModelSources)('$name', async ({ name }) => {
        const start = performance.now();
        const how = await runOn(board, name);
        rows.push(`${board.name.padEnd(14)} ${name.padEnd(15)} ${how} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
      });
    });
  }
});
