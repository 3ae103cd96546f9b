import { describe, expect, test } from 'vitest';
import { planArena } from '../../../compiler/plan/arena.ts';
import type { Lifetime } from '../../../compiler/plan/lifetimes.ts';
import { randomTensor } from '../ops/op-case.ts';

function lifetime(name: string, bytes: number, first: number, last: number): Lifetime {
  return { values: [name], bytes, first, last };
}

function expectNoOverlap(lifetimes: readonly Lifetime[], offsets: ReadonlyMap<string, number>, arenaBytes: number): void {
  const offsetOf = (block: Lifetime) => offsets.get(block.values[0] as string) as number;
  for (const [i, a] of lifetimes.entries()) {
    expect(offsetOf(a) % 16).toBe(0);
    expect(offsetOf(a) + a.bytes).toBeLessThanOrEqual(arenaBytes);
    for (const b of lifetimes.slice(i + 1)) {
      const live = a.first <= b.last && b.first <= a.last;
      const apart = offsetOf(a) + a.bytes <= offsetOf(b) || offsetOf(b) + b.bytes <= offsetOf(a);
      if (live && !apart) expect.fail(`${a.values} and ${b.values} overlap`);
    }
  }
}

/** Sizes of the layers of a network: they shrink as the image does, as real ones. */
function sizes(seed: number, count: number): number[] {
  return [...randomTensor([count], seed, 0.2, 1).data].map((share, i) => Math.ceil((share * 40_000) / (1 + i / 8)));
}

/** Blocks of a chain of layers with residual connections over two layers, every third layer. */
function residualNetwork(seed: number): Lifetime[] {
  return sizes(seed, 24).map((bytes, i) => lifetime(`v${i}`, bytes, i, i + (i % 3 === 0 ? 3 : 1)));
}

/** Branches of four layers each on one input, joined behind (SqueezeNet, Inception). */
function branchedNetwork(seed: number): Lifetime[] {
  const branch = sizes(seed, 40);
  return branch.map((bytes, i) => {
    const module = Math.floor(i / 5) * 5;
    const position = i % 5;
    return position === 0 ? lifetime(`v${i}`, bytes, module, module + 4) : lifetime(`v${i}`, bytes, module + position, module + 5);
  });
}

describe('planArena', () => {
  test('a chain needs its two largest neighbours', () => {
    const lifetimes = [lifetime('a', 100, -1, 0), lifetime('b', 300, 0, 1), lifetime('c', 200, 1, 2), lifetime('d', 10, 2, 3)];
    const { bytes, offsets, lowerBound } = planArena(lifetimes);
    expect(lowerBound).toBe(304 + 208);
    expect(bytes).toBe(lowerBound);
    expectNoOverlap(lifetimes, offsets, bytes);
  });

  test('values of one block share its offset', () => {
    const { offsets } = planArena([lifetime('x', 16, 0, 5), { values: ['a', 'b'], bytes: 16, first: 0, last: 3 }]);
    expect(offsets.get('a')).toBe(offsets.get('b'));
  });

  test('an empty graph needs nothing', () => {
    expect(planArena([])).toMatchObject({ bytes: 0, lowerBound: 0 });
  });

  test.for([1, 2, 3, 4, 5, 6, 7, 8])('reaches the lower bound on generated networks (seed %d)', (seed) => {
    for (const lifetimes of [residualNetwork(seed), branchedNetwork(seed)]) {
      const { bytes, offsets, lowerBound } = planArena(lifetimes);
      expectNoOverlap(lifetimes, offsets, bytes);
      expect(bytes).toBe(lowerBound);
    }
  });

  test('random blocks, for which the bound may be out of reach, never overlap and come within 10 %', () => {
    const random = randomTensor([300], 5, 0, 1).data;
    const lifetimes = Array.from({ length: 100 }, (_, i) => {
      const first = Math.floor((random[3 * i] as number) * 50);
      const length = Math.floor((random[3 * i + 1] as number) ** 3 * 20);
      return lifetime(`v${i}`, Math.ceil((random[3 * i + 2] as number) * 5000), first, first + length);
    });
    const { bytes, offsets, lowerBound } = planArena(lifetimes);
    expectNoOverlap(lifetimes, offsets, bytes);
    expect(bytes / lowerBound).toBeLessThan(1.1);
  });

  test('the same blocks give the same arena', () => {
    expect(planArena(branchedNetwork(9))).toEqual(planArena(branchedNetwork(9)));
  });
});
