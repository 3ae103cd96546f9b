/** What the tests of the normalizations share: ONNX Runtime as the referee, and equal bits of the variants. */
import { expect } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Tensor } from '../../../compiler/graph.ts';
import { importCase, type OnnxModel, runOnnxRuntime, runWhittle } from './onnx-case.ts';
import { expectClose, graphOf, type OpCase, variants } from './op-case.ts';

/** Outputs of both variants within `tolerance` of ONNX Runtime's. */
export async function expectEqualsOnnxRuntime(model: OnnxModel, inputs: readonly Tensor[], tolerance = 2e-6): Promise<void> {
  const expected = await runOnnxRuntime(model);
  const graph = importCase(model);
  for (const variant of variants) {
    const outputs = await runWhittle(
      graph,
      inputs.map((input) => input.data),
      variant,
    );
    graph.outputs.forEach(({ name }, i) => {
      const { shape, data } = expected[name] as { shape: number[]; data: Float32Array };
      expectClose(outputs[i] as Tensor, { type: { dtype: 'float32', shape }, data }, tolerance, `${variant} ${name}`);
    });
  }
}

/** Scalar and SIMD give the same bits. */
export async function expectSameBits<A>(opCase: OpCase<A>): Promise<void> {
  const graph = graphOf(opCase);
  const data = opCase.inputs.map((input) => input.data);
  const [scalar, simd] = await Promise.all(variants.map(async (variant) => (await Executor.create(graph, variant)).run(data)));
  expect(simd).toEqual(scalar);
}
