/** Single convolutions as packed models, and how long they take: what the benchmarks of kernels share. */
import type { Engine } from '../../compiler/engine.ts';
import { elementCount, type Tensor, tensor } from '../../compiler/graph.ts';
import { GraphBuilder } from '../../compiler/onnx/builder.ts';
import { Conv2d } from '../../compiler/ops/conv2d.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { type ExecutionPlan, planExecution } from '../../compiler/plan/plan.ts';

export interface Layer {
  readonly name: string;
  readonly x: readonly [number, number, number, number];
  readonly outChannels: number;
  /** Side of the window, or [height, width]. */
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number;
  readonly isDepthwise?: boolean;
}

/**
 * Weights are within [-31, 31], so that every layer runs on relaxed dot products where the engine has them.
 * @param change what becomes of the plan before it is packed
 */
export function modelOf(
  { x, outChannels, kernel = 1, stride = 1, isDepthwise }: Layer,
  dtype: 'int8' | 'float32',
  change = (plan: ExecutionPlan) => plan,
) {
  const builder = new GraphBuilder();
  const groups = isDepthwise ? x[3] : 1;
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const shape = [outChannels, height, width, x[3] / groups];
  const int8 = dtype === 'int8';
  const quantization = (scale: number) => (int8 ? { quantization: { scale: [scale], zeroPoint: 0 } } : {});
  const weights = tensor(
    dtype,
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => ((i * 37) % 63) - 31),
  );
  builder.define('x', { dtype, shape: x, ...quantization(0.05) });
  const inputs: Tensor[] = [
    { type: { ...weights.type, ...quantization(0.01) }, data: weights.data },
    tensor(int8 ? 'int32' : 'float32', [outChannels], new Array(outChannels).fill(0)),
  ];
  const padding: [number, number] = [(height - 1) / 2, (width - 1) / 2];
  const y = builder.addOne(Conv2d, ['x', ...inputs.map((input) => builder.addConstant(input))], {
    kernel: [height, width],
    stride: [stride, stride],
    dilation: [1, 1],
    padBefore: padding,
    padAfter: padding,
    groups,
    clamp: [-Infinity, Infinity],
  });
  builder.define(y, { ...builder.type(y), ...quantization(2) });
  const graph = builder.build('layer', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]);
  const macs = elementCount(builder.shape(y)) * height * width * (x[3] / groups);
  return { macs, bytes: writePackedModel(change(planExecution(graph)), { name: 'layer', inputs: [], outputs: [], steps: [] }) };
}

/** Microseconds per run: samples of about a millisecond. */
export function measure(engine: Engine, milliseconds: number): { median: number; best: number } {
  const end = performance.now() + milliseconds;
  const samples: number[] = [];
  let runs = 1;
  while (performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < runs; i++) engine.run();
    const elapsed = performance.now() - start;
    samples.push((elapsed / runs) * 1000);
    if (elapsed < 1) runs *= 2;
  }
  samples.sort((a, b) => a - b);
  return { median: samples[samples.length >> 1] as number, best: samples[0] as number };
}
