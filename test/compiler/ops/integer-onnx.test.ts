/**
 * Models that onnxruntime.quantization.quantize_dynamic writes: DynamicQuantizeLinear, MatMulInteger or ConvInteger, Cast and
 * Mul become one layer with int8 weights, and ONNX Runtime answers the same bits.
 */
import { describe, expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { UnsupportedModelError } from '../../../compiler/errors.ts';
import { type Graph, type TypedArray, valueOf } from '../../../compiler/graph.ts';
import { defaultPasses } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { type Attribute, importCase, type OnnxModel, type OnnxTensor, onnxNode, runOnnxRuntime, runWhittle } from './onnx-case.ts';
import { int8Variants, randomNumbers } from './op-case.ts';

const random = randomNumbers(31);

function numbers(type: OnnxTensor['type'], shape: readonly number[], low: number, high: number): OnnxTensor {
  const value = () => low + random() * (high - low);
  const count = shape.reduce((a, b) => a * b, 1);
  return { type, shape, data: Array.from({ length: count }, type === 'float32' ? () => Math.fround(value()) : () => Math.floor(value())) };
}

interface LayerCase {
  readonly x: readonly number[];
  /** Of the integer operator, in its order. */
  readonly weights: readonly number[];
  readonly type: 'int8' | 'uint8';
  readonly scales: number;
  /** Shape of the scales; default [scales], or none for one. */
  readonly scaleShape?: readonly number[];
  readonly bias?: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

const quantizeNode = { ...onnxNode('DynamicQuantizeLinear', ['x'], 'q'), output: ['q', 's', 'z'] };

/** The nodes of one layer, named after it. */
function layerNodes(name: string, operator: string, { bias, attributes = {} }: LayerCase, flipped: boolean) {
  const pair = (a: string, b: string) => (flipped ? [b, a] : [a, b]);
  return [
    onnxNode(operator, ['q', `${name}.w`, 'z', `${name}.z`], `${name}.sums`, attributes),
    onnxNode('Cast', [`${name}.sums`], `${name}.real`, { to: 1 }),
    onnxNode('Mul', pair('s', `${name}.s`), `${name}.scales`),
    onnxNode('Mul', pair(`${name}.real`, `${name}.scales`), bias ? `${name}.product` : name),
    ...(bias ? [onnxNode('Add', pair(`${name}.product`, `${name}.b`), name)] : []),
  ];
}

function layerConstants(name: string, { weights, type, scales, scaleShape, bias }: LayerCase): Record<string, OnnxTensor> {
  const zero = type === 'int8' ? 0 : 128;
  return {
    [`${name}.w`]: numbers(type, weights, type === 'int8' ? -127 : 1, type === 'int8' ? 128 : 256),
    [`${name}.z`]: { type, shape: [], data: [zero] },
    [`${name}.s`]: { ...numbers('float32', [scales], 0.001, 0.02), shape: scaleShape ?? (scales === 1 ? [] : [scales]) },
    ...(bias && { [`${name}.b`]: numbers('float32', bias, -1, 1) }),
  };
}

function layerModel(operator: string, layer: LayerCase, [low, high]: readonly [number, number] = [-1, 3]): OnnxModel {
  return {
    nodes: [quantizeNode, ...layerNodes('y', operator, layer, random() < 0.5)],
    inputs: { x: numbers('float32', layer.x, low, high) },
    constants: layerConstants('y', layer),
    outputs: { y: 'float32' },
  };
}

const operatorsOf = (graph: Graph) => graph.nodes.map(({ op }) => op.name).filter((name) => name !== 'Transpose');

async function expectSameBits(model: OnnxModel, graph: Graph): Promise<void> {
  const expected = await runOnnxRuntime(model);
  for (const variant of int8Variants) {
    const answers = await runWhittle(graph, [model.inputs?.x?.data as TypedArray], variant);
    graph.outputs.forEach(({ name }, i) => {
      expect(answers[i]?.type.shape).toEqual(expected[name]?.shape);
      expect(Array.from(answers[i]?.data as TypedArray)).toEqual(Array.from(expected[name]?.data as ArrayLike<number>));
    });
  }
}

describe('MatMulInteger', () => {
  test.for<LayerCase>([
    { x: [1, 16], weights: [16, 8], type: 'int8', scales: 1 },
    { x: [3, 67], weights: [67, 21], type: 'int8', scales: 21, bias: [21] },
    { x: [2, 5, 33], weights: [33, 10], type: 'uint8', scales: 1, bias: [1, 10] },
    { x: [1, 1200], weights: [1200, 5], type: 'int8', scales: 5, bias: [5] },
  ])('$x · $weights of $type, $scales scales', async (layer) => {
    const model = layerModel('MatMulInteger', layer);
    const graph = importCase(model);
    expect(operatorsOf(graph)).toEqual(['Dense']);
    expect(valueOf(graph, graph.nodes[0]?.inputs[1] as string).type.dtype).toBe('int8');
    await expectSameBits(model, graph);
  });

  test('inputs of one sign, and nothing but zeros', async () => {
    const layer: LayerCase = { x: [2, 40], weights: [40, 12], type: 'int8', scales: 12, bias: [12] };
    for (const range of [
      [1, 3],
      [-3, -1],
      [0, 0],
    ] as const) {
      const model = layerModel('MatMulInteger', layer, range);
      await expectSameBits(model, importCase(model));
    }
  });
});

describe('ConvInteger', () => {
  test.for<LayerCase>([
    { x: [1, 3, 9, 8], weights: [6, 3, 3, 3], type: 'uint8', scales: 1, attributes: { pads: [1, 1, 1, 1] } },
    { x: [1, 8, 7, 7], weights: [16, 8, 1, 1], type: 'uint8', scales: 1, bias: [1, 16, 1, 1], attributes: { strides: [2, 2] } },
    { x: [1, 6, 6, 5], weights: [6, 1, 3, 3], type: 'uint8', scales: 1, bias: [6, 1, 1], attributes: { group: 6 } },
    { x: [1, 4, 12], weights: [5, 4, 3], type: 'uint8', scales: 5, scaleShape: [5, 1], bias: [5, 1] },
  ])('$x, weights $weights, $attributes', async (layer) => {
    const model = layerModel('ConvInteger', layer);
    const graph = importCase(model);
    expect(operatorsOf(graph)).toEqual(['Conv2d']);
    await expectSameBits(model, graph);
  });
});

test('one quantization for several layers, and an activation behind', async () => {
  const layers = {
    a: { x: [2, 20], weights: [20, 6], type: 'int8', scales: 6, bias: [6] },
    b: { x: [2, 20], weights: [20, 9], type: 'int8', scales: 1 },
  } as const;
  const model: OnnxModel = {
    nodes: [
      quantizeNode,
      ...Object.entries(layers).flatMap(([name, layer]) => layerNodes(name, 'MatMulInteger', layer, false)),
      onnxNode('Relu', ['a'], 'r'),
    ],
    inputs: { x: numbers('float32', [2, 20], -1, 1) },
    constants: { ...layerConstants('a', layers.a), ...layerConstants('b', layers.b) },
    outputs: { r: 'float32', b: 'float32' },
  };
  const graph = runPasses(importCase(model), defaultPasses);
  expect(operatorsOf(graph)).toEqual(['Dense', 'Dense']);
  await expectSameBits(model, graph);
});

test('compiled as it is: neither calibrated nor quantized again', async () => {
  const model = layerModel('MatMulInteger', { x: [1, 64], weights: [64, 32], type: 'int8', scales: 32, bias: [32] });
  const samples = Array.from({ length: 10 }, () => [Float32Array.from(numbers('float32', [1, 64], -1, 1).data)]);
  const { graph, report } = await packModel(
    { graph: runPasses(importCase(model), defaultPasses), source: new Uint8Array(0) },
    { name: 'dynamic', samples },
  );
  expect(report.layers.map(({ dtype }) => dtype)).toContain('dynamic');
  await expectSameBits(model, graph);
});

describe('by themselves', () => {
  test('the integers, the scale and the zero point of DynamicQuantizeLinear', async () => {
    for (const [low, high] of [
      [-1, 3],
      [2, 3],
      [-4, -1],
      [0, 0],
    ] as const) {
      const model: OnnxModel = {
        nodes: [quantizeNode],
        inputs: { x: numbers('float32', [3, 7, 5], low, high) },
        outputs: { q: 'uint8', s: 'float32', z: 'uint8' },
      };
      await expectSameBits(model, importCase(model));
    }
  });

  test('the sums of MatMulInteger, which are not scaled', async () => {
    const { nodes, ...rest } = layerModel('MatMulInteger', { x: [2, 30], weights: [30, 4], type: 'int8', scales: 1 });
    const model: OnnxModel = { ...rest, nodes: nodes.slice(0, 2), outputs: { 'y.sums': 'int32' } };
    await expectSameBits(model, importCase(model));
  });
});

test.for([
  ['weights far from their zero point', { type: 'uint8', shape: [], data: [3] }, 'more than 8 bits from their zero point'],
  ['zero points that are computed', undefined, 'computed at run time'],
] as const)('%s are refused', ([, zeroPoint, reason]) => {
  const model = layerModel('MatMulInteger', { x: [1, 16], weights: [16, 8], type: 'uint8', scales: 1 });
  const { 'y.z': own, ...constants } = model.constants as Record<string, OnnxTensor>;
  const given: OnnxModel = zeroPoint
    ? { ...model, constants: { ...constants, 'y.z': zeroPoint } }
    : { ...model, constants, inputs: { ...model.inputs, 'y.z': own as OnnxTensor } };
  expect(() => importCase(given)).toThrow(UnsupportedModelError);
  expect(() => importCase(given)).toThrow(reason);
});
