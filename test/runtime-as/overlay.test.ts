/** Weights that are prepared over those of the file: SIMD builds against the scalar one, which reads them in place. */
import { expect, test } from 'vitest';
import { encodeAs } from '../../compiler/encoding/encode-plan.ts';
import { Engine } from '../../compiler/engine.ts';
import { elementCount, tensor, type ValueName } from '../../compiler/graph.ts';
import { GraphBuilder } from '../../compiler/onnx/builder.ts';
import { Conv2d } from '../../compiler/ops/conv2d.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { type ExecutionPlan, planExecution } from '../../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { isRelaxedEngine, type RelaxedEngine, relaxedEngines, relaxedRuntime } from './relaxed-engine.ts';

interface Layer {
  readonly outChannels: number;
  readonly kernel: number;
  readonly depthwise?: boolean;
  /** Layers of the same name have the same weights, or the same biases. */
  readonly weights?: string;
  readonly bias?: string;
}

const dense = (outChannels: number, kernel = 1): Layer => ({ outChannels, kernel });
const depthwise = (outChannels: number): Layer => ({ outChannels, kernel: 3, depthwise: true });

/** Numbers of a layer; equal seeds give equal ones. */
function seedOf(name: string | undefined, index: number): number {
  return name ? name.charCodeAt(0) : 100 + index;
}

function addLayer(builder: GraphBuilder, x: ValueName, layer: Layer, index: number): ValueName {
  const inChannels = builder.shape(x)[3] as number;
  const { outChannels, kernel, depthwise } = layer;
  const shape = [outChannels, kernel, kernel, depthwise ? 1 : inChannels];
  const type = { dtype: 'int8', shape, quantization: { scale: new Array(outChannels).fill(0.01), zeroPoint: 0, axis: 0 } } as const;
  const data = Int8Array.from(randomTensor([elementCount(shape)], seedOf(layer.weights, index), -100, 101).data, Math.floor);
  const biases = Array.from(randomTensor([outChannels], seedOf(layer.bias, index), -900, 900).data, Math.floor);
  const weights = builder.addConstant({ type, data }, `weights${index}`);
  const bias = builder.addConstant(tensor('int32', [outChannels], biases), `bias${index}`);
  const pad = [kernel >> 1, kernel >> 1] as const;
  const window = { kernel: [kernel, kernel], stride: [1, 1], dilation: [1, 1], padBefore: pad, padAfter: pad } as const;
  const y = builder.addOne(Conv2d, [x, weights, bias], { ...window, groups: depthwise ? outChannels : 1, clamp: [-Infinity, Infinity] });
  const scale = 0.03 * Math.sqrt(data.length / outChannels);
  builder.define(y, { ...builder.type(y), quantization: { scale: [scale], zeroPoint: -4 } });
  return y;
}

function planOf(input: readonly number[], layers: readonly Layer[]): ExecutionPlan {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'int8', shape: input, quantization: { scale: [0.05], zeroPoint: 3 } });
  const y = layers.reduce((x, layer, index) => addLayer(builder, x, layer, index), 'x' as ValueName);
  return planExecution(builder.build('overlay', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]));
}

function pack(plan: ExecutionPlan): Uint8Array {
  return writePackedModel(plan, { name: 'overlay', inputs: [], outputs: [], steps: [] });
}

async function run(model: Uint8Array, runtime: WebAssembly.Module, plan: ExecutionPlan): Promise<Uint8Array> {
  const bytesOf = (index: number | undefined) => elementCount(plan.tensors[index as number]?.type.shape ?? []);
  const engine = await Engine.create(runtime, model);
  const inputBytes = bytesOf(plan.inputs[0]);
  engine.input(0, inputBytes).set(Uint8Array.from(randomTensor([inputBytes], 5, 0, 256).data, Math.floor));
  engine.run();
  return engine.output(0, bytesOf(plan.outputs[0])).slice();
}

const models: readonly (readonly [string, readonly number[], readonly Layer[]])[] = [
  ['a large layer first', [1, 4, 4, 16], [dense(96, 3), dense(8), dense(5)]],
  ['a large layer last', [1, 4, 4, 8], [dense(5), dense(8), dense(200, 3)]],
  ['depths and channels beside all steps', [1, 3, 5, 3], [dense(27), dense(13, 3), dense(1), dense(17), dense(33)]],
  ['depthwise layers between', [1, 6, 6, 8], [depthwise(8), dense(40), depthwise(40), dense(9), depthwise(9), dense(64)]],
  ["Winograd's filtering between direct layers", [1, 8, 8, 24], [dense(40, 3), dense(9), dense(32, 3), dense(32, 3)]],
  ['one pixel', [1, 1, 1, 300], [dense(120), dense(3), dense(1000), dense(10)]],
  [
    'shared weights and biases',
    [1, 4, 4, 24],
    [
      { ...dense(24), weights: 'a', bias: 'b' },
      { ...dense(24), bias: 'b' },
      { ...dense(24), weights: 'a' },
      dense(24),
      { ...depthwise(24), weights: 'c', bias: 'b' },
      { ...depthwise(24), weights: 'c' },
    ],
  ],
];
const runtimes: readonly (Variant | RelaxedEngine)[] = ['simd', ...relaxedEngines];

function moduleOf(name: Variant | RelaxedEngine): Promise<WebAssembly.Module> {
  return isRelaxedEngine(name) ? relaxedRuntime(name) : fullRuntime(name);
}

test.for(models)('%s: the bytes of the scalar build', async ([, input, layers]) => {
  const plan = planOf(input, layers);
  const encoded = ['csr8', 'bitmap', 'block16x4'].map((name) => encodeAs(plan, name).plan);
  const expected = await run(pack(plan), await fullRuntime('scalar'), plan);
  expect(new Set(expected).size).toBeGreaterThan(1);
  for (const name of runtimes)
    for (const each of [plan, ...encoded]) expect(await run(pack(each), await moduleOf(name), plan), name).toEqual(expected);
});

test('what several steps read lies in the constants, everything else of convolutions in the weights', () => {
  const bytesOf = (index: number) => {
    const [, input, layers] = models[index] as (typeof models)[number];
    const header = new DataView(pack(planOf(input, layers)).buffer);
    return [format.HEADER_CONSTANTS_BYTES, format.HEADER_WEIGHTS_BYTES].map((word) => header.getUint32(word * 4, true));
  };
  // Two layers have their own weights and biases; their multipliers are those of a third.
  const [constants, weights] = bytesOf(6) as [number, number];
  expect(weights).toBe(2 * (24 * 24 + 4 * 24));
  // Shared weights are there once, with the biases and multipliers of those who share them.
  expect(constants).toBeGreaterThan(24 * 24 + 9 * 24);
  expect(constants).toBeLessThan(2 * 24 * 24 + 9 * 24 + 8 * 4 * 24);
  expect(bytesOf(0)[0]).toBe(0);
});

test('a model takes the memory of its prepared weights, not that of the file beside it', async () => {
  const plan = planOf([1, 2, 2, 512], [dense(512), dense(512), dense(512)]);
  const model = pack(plan);
  // Prepared, the weights are int16; the pages of 64 KiB and the smaller things are less than a layer.
  const { memoryBytes } = await Engine.create(await fullRuntime('simd'), model);
  expect(memoryBytes).toBeLessThan(2 * model.length + 512 * 512);
});
