import { expect, test } from 'vitest';
import { Pow } from '../../compiler/ops/pow.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { fullRuntime } from '../../compiler/root.ts';
import { Runner } from '../../devices/runner.ts';
import { graphOf } from '../compiler/ops/op-case.ts';

test('whatever NaN the engine gives, the bytes are those of one NaN', async () => {
  const values = (data: number[]) => ({ type: { dtype: 'float32' as const, shape: [4] }, data: Float32Array.from(data) });
  const graph = graphOf({
    op: Pow,
    attributes: { clamp: [-Infinity, Infinity] },
    inputs: [values([0, 0, 0, 0]), values([0.5, 2, -1, 0.5])],
    constants: [1],
  });
  const port = (name: string) => ({ name, dtype: 'float32' as const, shape: [4] });
  const model = writePackedModel(planExecution(graph), { name: 'pow', inputs: [port('x')], outputs: [port('y')], steps: ['Pow'] });
  const { runner } = await Runner.create(model, await fullRuntime('simd'));
  const output = runner.infer(new Uint8Array(Float32Array.of(-2, -3, -4, 4).buffer));
  // V8 gives 0xffc00000 here, SpiderMonkey 0x7fc00000.
  expect(new Uint32Array(output.buffer)).toEqual(Uint32Array.of(0x7fc00000, 0x41100000, 0xbe800000, 0x40000000));
});
