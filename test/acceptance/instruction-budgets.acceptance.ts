/**
 * Instructions under `-icount shift=0`, deterministic to a tick: each model and board has a budget, each layer that
 * CMSIS-NN was measured on is compared with it. `npm run bench:boards` shows every layer, and writes the budgets.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { boardNamed } from '../../targets/boards/index.ts';
import { type BoardModel, boardModelSources, compileBoardModel } from '../devices/qemu/board-models.ts';
import { allowedRatio, compareWithCmsisNn } from '../devices/qemu/cmsis-nn.ts';
import { countedBoards, countInstructions, readBudgets } from '../devices/qemu/count-instructions.ts';
import { canEmulate } from '../devices/serial/emulated.ts';
import { describeWithSharedData } from '../shared-data.ts';

/** Of the dsp kernels on the Cortex-M4 (issue 4). */
const limits: Readonly<Record<string, number>> = { 'ResNet-8': 19e6, 'DS-CNN': 6.6e6, 'AD autoencoder': 0.55e6 };

/** A count that is better than its budget by more asks for a new one. */
const SLACK = 0.02;

/** Without an FPU requantization takes longer for some values than for others, and values move with the quantization. */
const VALUES = 0.002;

describeWithSharedData('instructions of one inference', () => {
  const models = new Map<string, Promise<BoardModel>>();
  const budgets = readBudgets();
  const rows: string[] = [];
  afterAll(() => console.log(['', ...rows, ''].join('\n')));

  for (const name of countedBoards) {
    const board = boardNamed(name);
    describe.skipIf(!canEmulate(name))(`${name} (${board.core}, ${board.vocabulary})`, () => {
      test.for(boardModelSources)('$name', async (source) => {
        const compiled = models.get(source.name) ?? compileBoardModel(source);
        models.set(source.name, compiled);
        const { variant, tick, instructions, layers } = await countInstructions(name, await compiled);
        const budget = budgets[name]?.[source.name] ?? 0;
        rows.push(`${name.padEnd(14)} ${source.name.padEnd(15)} ${String(instructions).padStart(11)} instructions, budget ${budget}`);
        if (instructions < (1 - SLACK) * budget)
          rows.push('  better than its budget by more than 2 %: tighten it with npm run bench:boards -- --write');

        expect(variant).toBe(board.vocabulary);
        const tolerance = board.fpu === 'none' ? VALUES * budget : tick;
        expect.soft(instructions, `${source.name} on ${name}: instructions, budget`).toBeLessThanOrEqual(budget + tolerance);
        if (board.core === 'cortex-m4') expect.soft(instructions).toBeLessThanOrEqual(limits[source.name] ?? Number.POSITIVE_INFINITY);
        for (const { layer, shape, instructions: counted, cmsisNn } of compareWithCmsisNn(board.core, source.name, layers)) {
          rows.push(`  ${layer.padEnd(20)} ${shape.padEnd(24)} ${counted} = ${(counted / cmsisNn).toFixed(3)} x CMSIS-NN`);
          expect
            .soft(counted, `${layer} (${shape}) on ${name}: instructions, CMSIS-NN's`)
            .toBeLessThanOrEqual(allowedRatio[board.core as keyof typeof allowedRatio] * cmsisNn);
        }
      });
    });
  }
});
