/**
 * Places the blocks in one arena so that those that live at the same time never overlap, in as few bytes as possible.
 *
 * Each block goes, in some order, to the lowest offset that is free during its whole life. The best of a few orders is
 * improved by hill climbing, as the allocator of Arm's Vela does: take the block that ends highest, and what it stands on,
 * and swap one of these with another in the order. The search ends at the lower bound, or after a fixed number of
 * placements; its random numbers are seeded, so the same graph gives the same arena.
 */
import { SECTION_ALIGNMENT } from '../../runtime-as/format.ts';
import type { ValueName } from '../graph.ts';
import type { Lifetime } from './lifetimes.ts';

export interface Arena {
  readonly bytes: number;
  readonly offsets: ReadonlyMap<ValueName, number>;
  /** Sum of the live blocks at the worst step. */
  readonly lowerBound: number;
}

/** Placements of single blocks that the search may spend: about a second. */
const SEARCH_BUDGET = 1_000_000;

interface Block {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** Indices of the blocks that live at the same time at some step. */
  readonly neighbours: readonly number[];
}

interface Placement {
  readonly bytes: number;
  readonly offsets: readonly number[];
}

function align(bytes: number): number {
  return Math.ceil(bytes / SECTION_ALIGNMENT) * SECTION_ALIGNMENT;
}

function blocksOf(lifetimes: readonly Lifetime[]): Block[] {
  return lifetimes.map(({ first, last, bytes }, i) => ({
    first,
    last,
    bytes: align(bytes),
    neighbours: lifetimes.flatMap((other, j) => (i !== j && other.first <= last && first <= other.last ? [j] : [])),
  }));
}

/** Sum of the live blocks at the worst step: no arena can be smaller. The worst step is one at which a block begins to live. */
function lowerBoundOf(blocks: readonly Block[]): number {
  return blocks.reduce((worst, block) => {
    const live = block.neighbours.filter((i) => (blocks[i] as Block).first <= block.first);
    return Math.max(
      worst,
      live.reduce((sum, i) => sum + (blocks[i] as Block).bytes, block.bytes),
    );
  }, 0);
}

/** Each block, in this order, at the lowest offset that is free during its whole life. */
function place(blocks: readonly Block[], order: readonly number[]): Placement {
  const offsets = new Array<number>(blocks.length).fill(-1);
  let bytes = 0;
  for (const index of order) {
    const block = blocks[index] as Block;
    const taken = block.neighbours
      .filter((i) => (offsets[i] as number) >= 0)
      .sort((a, b) => (offsets[a] as number) - (offsets[b] as number));
    let offset = 0;
    for (const other of taken) {
      if (offset + block.bytes <= (offsets[other] as number)) break;
      offset = Math.max(offset, (offsets[other] as number) + (blocks[other] as Block).bytes);
    }
    offsets[index] = offset;
    bytes = Math.max(bytes, offset + block.bytes);
  }
  return { bytes, offsets };
}

const lifeOf = (block: Block) => block.last - block.first + 1;

const orders: readonly ((a: Block, b: Block) => number)[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => a.first - b.first || b.bytes - a.bytes,
  (a, b) => lifeOf(b) - lifeOf(a) || b.bytes - a.bytes,
  (a, b) => b.bytes * lifeOf(b) - a.bytes * lifeOf(a),
];

/** The blocks that end highest, what they stand on, down to the bottom, and all that live beside these. */
function blocksInTheWay(blocks: readonly Block[], { bytes, offsets }: Placement): number[] {
  const endOf = (i: number) => (offsets[i] as number) + (blocks[i] as Block).bytes;
  const tower = new Set(blocks.flatMap((_, i) => (endOf(i) === bytes ? [i] : [])));
  for (const i of tower) {
    for (const below of (blocks[i] as Block).neighbours) if (endOf(below) === offsets[i]) tower.add(below);
  }
  return [...new Set([...tower].flatMap((i) => [i, ...(blocks[i] as Block).neighbours]))];
}

/** Numbers in [0, limit), the same in every run (mulberry32). */
function seededIntegers(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

function swapped(order: readonly number[], a: number, b: number): number[] {
  return order.map((index) => (index === a ? b : index === b ? a : index));
}

/** Swaps blocks in the order while that does not make the arena larger. */
function climb(blocks: readonly Block[], start: readonly number[], target: number): Placement {
  const random = seededIntegers();
  let order = start;
  let current = place(blocks, order);
  let best = current;
  for (let spent = 0; best.bytes > target && spent < SEARCH_BUDGET; spent += blocks.length) {
    const inTheWay = blocksInTheWay(blocks, current);
    const pick = () => inTheWay[random(inTheWay.length)] as number;
    let next = swapped(order, pick(), pick());
    if (random(3) === 0) next = swapped(next, pick(), random(blocks.length));
    const placed = place(blocks, next);
    // A slightly worse order now and then leads out of a dead end.
    if (placed.bytes <= current.bytes || (random(100) === 0 && placed.bytes <= best.bytes * 1.02)) [order, current] = [next, placed];
    if (placed.bytes < best.bytes) best = placed;
  }
  return best;
}

export function planArena(lifetimes: readonly Lifetime[]): Arena {
  const blocks = blocksOf(lifetimes);
  const lowerBound = lowerBoundOf(blocks);
  const indices = blocks.map((_, i) => i);
  const candidates = orders.map((compare) => [...indices].sort((a, b) => compare(blocks[a] as Block, blocks[b] as Block)));
  const placements = candidates.map((order) => place(blocks, order));
  const smallest = placements.reduce((best, placed, i) => (placed.bytes < (placements[best] as Placement).bytes ? i : best), 0);
  const { bytes, offsets } = climb(blocks, candidates[smallest] as number[], lowerBound);
  const named = lifetimes.flatMap(({ values }, i) => values.map((name) => [name, offsets[i] as number] as const));
  return { bytes, offsets: new Map(named), lowerBound };
}
