/** Instructions of one inference, and of every layer, on an emulated board. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../compiler/root.ts';
import { syntheticInput } from '../../../devices/bench.ts';
import { openDevice } from '../../../devices/index.ts';
import { profileModel } from '../../../devices/profile.ts';
import type { BoardModel } from './board-models.ts';

export interface LayerCount {
  readonly name: string;
  readonly op: string;
  readonly instructions: number;
  readonly macs: number;
}

export interface Count {
  readonly variant: string;
  /** Instructions of one tick of the board's clock: what a count is exact to. */
  readonly tick: number;
  readonly instructions: number;
  readonly layers: readonly LayerCount[];
}

/** Boards by the core that a budget is about; the others run the same code. */
export const countedBoards = ['mps2-an385', 'mps2-an386', 'mps2-an500', 'mps2-an505', 'mps3-an547', 'virt-rv32'] as const;

/** board → model → instructions of one inference */
export type Budgets = Readonly<Record<string, Readonly<Record<string, number>>>>;

export const budgetsFile = join(packageRoot, 'test', 'devices', 'qemu', 'instruction-budgets.json');

export function readBudgets(): Budgets {
  return JSON.parse(readFileSync(budgetsFile, 'utf8'));
}

/** The model on a monitor with every int8 kernel, so that a board's monitor is compiled once. */
export async function countInstructions(board: string, { model }: BoardModel): Promise<Count> {
  const device = await openDevice(`qemu:${board}`, { preload: true });
  try {
    const { variant } = await device.deploy({ model: model.bytes, kernels: 'all' });
    await device.infer([syntheticInput(model)]);
    const us = await device.time(1);
    const { stepUs } = await device.clock();
    const profile = await profileModel(model, device, us);
    const instructionsOf = (microseconds: number) => Math.round(microseconds * 1000);
    const layers = (profile?.perLayer ?? []).map(({ name, op, us: layerUs, macs }) => ({
      name,
      op,
      instructions: instructionsOf(layerUs),
      macs,
    }));
    return { variant, tick: instructionsOf(stepUs), instructions: instructionsOf(us), layers };
  } finally {
    await device.close();
  }
}
