/** Places the live blocks in one arena so that blocks that live at the same time never overlap, in as few bytes as possible. */
import { SECTION_ALIGNMENT } from '../../runtime-as/format.ts';
import type { ValueName } from '../graph.ts';
import type { Lifetime } from './lifetimes.ts';

export interface Arena {
  readonly bytes: number;
  readonly offsets: ReadonlyMap<ValueName, number>;
  /** Sum of the live blocks at the worst step. */
  readonly lowerBound: number;
}

interface Block {
  readonly lifetime: Lifetime;
  readonly bytes: number;
}

function align(bytes: number): number {
  return Math.ceil(bytes / SECTION_ALIGNMENT) * SECTION_ALIGNMENT;
}

function overlaps(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Sum of the live blocks at the worst step: no arena can be smaller. */
function lowerBoundOf(blocks: readonly Block[]): number {
  let worst = 0;
  for (const { lifetime } of blocks) {
    const live = blocks.filter((other) => other.lifetime.first <= lifetime.first && other.lifetime.last >= lifetime.first);
    worst = Math.max(
      worst,
      live.reduce((sum, block) => sum + block.bytes, 0),
    );
  }
  return worst;
}

/** Puts each block, in this order, at the lowest offset that is free during its whole life. */
function place(order: readonly Block[]): { bytes: number; offsets: Map<Block, number> } {
  const offsets = new Map<Block, number>();
  let bytes = 0;
  for (const block of order) {
    const taken = [...offsets]
      .filter(([other]) => overlaps(block.lifetime, other.lifetime))
      .map(([other, offset]) => [offset, offset + other.bytes] as const)
      .sort((a, b) => a[0] - b[0]);
    let offset = 0;
    for (const [from, to] of taken) {
      if (offset + block.bytes <= from) break;
      offset = Math.max(offset, to);
    }
    offsets.set(block, offset);
    bytes = Math.max(bytes, offset + block.bytes);
  }
  return { bytes, offsets };
}

const orders: readonly ((a: Block, b: Block) => number)[] = [
  (a, b) => b.bytes - a.bytes || a.lifetime.first - b.lifetime.first,
  (a, b) => a.lifetime.first - b.lifetime.first || b.bytes - a.bytes,
  (a, b) => b.lifetime.last - b.lifetime.first - (a.lifetime.last - a.lifetime.first) || b.bytes - a.bytes,
  (a, b) => b.bytes * (b.lifetime.last - b.lifetime.first + 1) - a.bytes * (a.lifetime.last - a.lifetime.first + 1),
];

/** Rounds of the local search that runs while the best order is above the lower bound. */
const SEARCH_ROUNDS = 400;

/** Greedy placement in several orders, then moves single blocks to the front of the order while that helps. */
export function planArena(lifetimes: readonly Lifetime[]): Arena {
  const blocks = lifetimes.map((lifetime) => ({ lifetime, bytes: align(lifetime.bytes) }));
  const lowerBound = lowerBoundOf(blocks);
  let bestOrder = blocks;
  let best = place(blocks);
  for (const compare of orders) {
    const order = [...blocks].sort(compare);
    const placed = place(order);
    if (placed.bytes < best.bytes) [best, bestOrder] = [placed, order];
  }
  for (let round = 0; round < SEARCH_ROUNDS && best.bytes > lowerBound; round++) {
    // The blocks that stick out at the top are the ones in the way.
    const top = bestOrder.filter((block) => (best.offsets.get(block) as number) + block.bytes > lowerBound);
    const block = top[round % top.length] as Block;
    const order = bestOrder.filter((other) => other !== block);
    order.splice(Math.floor((round / SEARCH_ROUNDS) * bestOrder.indexOf(block)), 0, block);
    const placed = place(order);
    if (placed.bytes <= best.bytes) [best, bestOrder] = [placed, order];
  }
  const offsets = new Map<ValueName, number>();
  for (const [block, offset] of best.offsets) for (const name of block.lifetime.values) offsets.set(name, offset);
  return { bytes: best.bytes, offsets, lowerBound };
}
