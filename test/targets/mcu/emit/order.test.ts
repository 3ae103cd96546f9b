/** Order of evaluation and control flow: random functions give the same results as C as in the engine. */
import { test } from 'vitest';
import { randomIntegers } from '../../../damage.ts';
import { requireTool } from '../../../require-tool.ts';
import { expectSameBothWays, type WasmFunction } from './both-ways.ts';
import { helpers, randomFunction } from './random-function.ts';

const COUNT = Number(process.env.WHITTLE_RANDOM_FUNCTIONS ?? 25);
const SEED = Number(process.env.WHITTLE_RANDOM_SEED ?? 1);

async function expectSameRandomFunctions(first: number, flags: readonly string[]): Promise<void> {
  const random = randomIntegers(first);
  const number = () => BigInt(random(2) ? random(9) : random(2 ** 32));
  const calls = Array.from({ length: 6 }, () => [number(), number(), number(), number()]);
  const functions: WasmFunction[] = Array.from({ length: COUNT }, (_, i) => ({
    name: `random_${first + i}`,
    parameters: ['i32', 'i32', 'i32', 'i32'],
    result: 'i32',
    usesMemory: true,
    calls,
  }));
  const text = `(module ${helpers} ${functions.map(({ name }, i) => randomFunction(name, first + i)).join('\n')})`;
  await expectSameBothWays(text, functions, ['-O1', '-DWHITTLE_KEEP_FLAGS', ...flags]);
}

test(`${COUNT} random functions from seed ${SEED}, as C`, async () => {
  if (requireTool('gcc')) await expectSameRandomFunctions(SEED, ['-fsanitize=undefined', '-fno-sanitize-recover=all']);
});

test(`${COUNT} random functions from seed ${SEED + COUNT}, as C++`, async () => {
  if (requireTool('g++')) await expectSameRandomFunctions(SEED + COUNT, ['-x', 'c++', '-std=c++17']);
});
