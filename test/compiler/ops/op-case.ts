/** One-node graphs: the operator's own reference against its kernels, in every variant. */
import { expect } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph, Tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import type { Op } from '../../../compiler/ops/op.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { verify } from '../../../compiler/verify.ts';
import { expectWritesOnlyTensors } from '../../canary.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';

export const variants = ['scalar', 'simd'] as const;
/** On boards int8 has kernels of its own; float32 runs the scalar ones. */
export const int8Variants = [...variants, 'board-scalar', 'board-dsp', 'board-mve'] as const;

export interface OpCase<A> {
  readonly op: Op<A>;
  readonly attributes: A;
  readonly inputs: readonly Tensor[];
  /** Indices of inputs that the compiler knows (weights, biases). */
  readonly constants?: readonly number[];
}

export function graphOf<A>({ op, attributes, inputs, constants = [] }: OpCase<A>): Graph {
  const builder = new GraphBuilder();
  const names = inputs.map((input, i) => {
    if (constants.includes(i)) return builder.addConstant(input, `constant${i}`);
    builder.define(`input${i}`, input.type);
    return `input${i}`;
  });
  const outputs = builder.add(op, names, attributes, { name: op.name });
  const ports = names.filter((_, i) => !constants.includes(i)).map((name) => ({ name, value: name }));
  return verify(
    builder.build(
      op.name,
      ports,
      outputs.map((name) => ({ name, value: name })),
    ),
    'test',
  );
}

/** Runs the case on every variant; each must equal the reference within `tolerance` (absolute, and relative to the value). */
export async function expectKernelsEqualReference<A>(opCase: OpCase<A>, tolerance = 1e-5): Promise<void> {
  const expected = opCase.op.evaluate(opCase.inputs, opCase.attributes);
  const graph = graphOf(opCase);
  const runtimeInputs = opCase.inputs.filter((_, i) => !opCase.constants?.includes(i)).map((input) => input.data);
  const isInt8 = [...graph.values.values()].some(({ type }) => type.dtype === 'int8');
  for (const variant of isInt8 ? int8Variants : variants) {
    const executor = await Executor.create(graph, variant);
    const actual = executor.run(runtimeInputs);
    actual.forEach((output, i) => expectClose(output, expected[i] as Tensor, tolerance, variant));
    await expectWritesOnlyTensors(graph, runtimeInputs, variant);
  }
  await expectSurvivesDamagedWords(writePackedModel(planExecution(graph), emptyMetadata), expected.length, DAMAGES_PER_CASE);
}

/** Each case is also damaged this often: its kernel's check must refuse what its loops cannot run. */
const DAMAGES_PER_CASE = 40;

const emptyMetadata = { name: 'case', inputs: [], outputs: [], steps: [] };

export function expectClose(actual: Tensor, expected: Tensor, tolerance: number, label = ''): void {
  expect(actual.type.shape, label).toEqual(expected.type.shape);
  for (let i = 0; i < expected.data.length; i++) {
    const a = actual.data[i] as number;
    const e = expected.data[i] as number;
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (!(Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e)))) {
      expect.fail(`${label} element ${i}: ${a}, expected ${e} (tolerance ${tolerance})`);
    }
  }
}

/** Deterministic pseudo-random numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Deterministic pseudo-random numbers in [low, high). */
export function randomTensor(shape: readonly number[], seed: number, low = -1, high = 1): Tensor {
  const next = randomNumbers(seed);
  const count = shape.reduce((p, e) => p * e, 1);
  return { type: { dtype: 'float32', shape }, data: Float32Array.from({ length: count }, () => low + (high - low) * next()) };
}
