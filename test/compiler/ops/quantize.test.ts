import { describe, expect, test } from 'vitest';
import { Quantize, quantizeFloat32 } from '../../../compiler/ops/quantize.ts';
import { importCase, onnxNode, runOnnxRuntime, runWhittle } from './onnx-case.ts';
import { graphOf, int8Variants, randomTensor } from './op-case.ts';

const scale = Math.fround(0.037);

/** Random values, exact ties (where the even integer must win), values far outside, infinities. */
function values(count: number): Float32Array {
  const x = Float32Array.from(randomTensor([count], count, -8, 8).data);
  const special = [0.5, -0.5, 1.5, 2.5, -3.5, 1e30, -1e30, Infinity, -Infinity, 0, -0];
  special.forEach((value, i) => {
    if (i < count) x[i] = value * scale;
  });
  return x;
}

describe('Quantize', () => {
  test.for([1, 3, 15, 16, 17, 31, 33, 100])('of %i elements: kernels equal ONNX Runtime and the reference', async (count) => {
    const x = values(count);
    for (const [type, zeroPoint] of [
      ['int8', -3],
      ['int8', 127],
      ['uint8', 131],
    ] as const) {
      const model = {
        nodes: [onnxNode('QuantizeLinear', ['x', 's', 'z'], 'y')],
        inputs: { x: { type: 'float32', shape: [count], data: x } },
        constants: { s: { type: 'float32', shape: [], data: [scale] }, z: { type, shape: [], data: [zeroPoint] } },
        outputs: { y: type },
      } as const;
      const { y } = await runOnnxRuntime(model);
      const expected = Array.from(y?.data as ArrayLike<number>, (q) => (type === 'uint8' ? q - 128 : q));
      const graph = importCase(model);
      for (const variant of int8Variants) {
        const [actual] = await runWhittle(graph, [x], variant);
        expect(Array.from(actual?.data ?? []), `${variant} ${type}`).toEqual(expected);
      }
      const quantization = { scale: [scale], zeroPoint: type === 'uint8' ? zeroPoint - 128 : zeroPoint };
      const reference = Quantize.evaluate([{ type: { dtype: 'float32', shape: [count] }, data: x }], { quantization });
      expect(Array.from(reference[0]?.data ?? [])).toEqual(expected);
    }
  });

  test('turns a NaN into the zero point in every variant', async () => {
    const x = new Float32Array(17).fill(Number.NaN);
    const input = { type: { dtype: 'float32', shape: [17] }, data: x } as const;
    const graph = graphOf({ op: Quantize, attributes: { quantization: { scale: [1], zeroPoint: 5 } }, inputs: [input] });
    for (const variant of int8Variants) {
      const [actual] = await runWhittle(graph, [x], variant);
      expect(Array.from(actual?.data ?? []), variant).toEqual(new Array(17).fill(5));
    }
    expect(quantizeFloat32(Number.NaN, 1, 5)).toBe(5);
  });

  test.for([
    ['scales per channel of an activation', { s: [2], z: [2] }, {}, 'quantize activations per tensor'],
    ['16-bit integers', { s: [], z: [] }, { output_dtype: 4 }, 'quantize activations and weights to uint8 or int8'],
    ['scales per block', { s: [2, 1], z: [2, 1] }, { block_size: 2 }, 'quantize per tensor or per channel'],
  ] as const)('refuses %s', ([, shapes, attributes, fix]) => {
    const count = (shape: readonly number[]) => shape.reduce((p, e) => p * e, 1);
    const named = 'output_dtype' in attributes ? ['x', 's'] : ['x', 's', 'z'];
    const model = {
      nodes: [onnxNode('QuantizeLinear', named, 'y', attributes)],
      inputs: { x: { type: 'float32', shape: [2, 2], data: [0, 0, 0, 0] } },
      constants: {
        s: { type: 'float32', shape: shapes.s, data: new Array(count(shapes.s)).fill(1) },
        z: { type: 'int8', shape: shapes.z, data: new Array(count(shapes.z)).fill(0) },
      },
      outputs: { y: 'int8' },
      opset: 21,
    } as const;
    expect(() => importCase(model)).toThrow(fix);
  });
});
