import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Quantization, type Tensor, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { erf, unaryFunctions } from '../../../compiler/ops/unary-functions.ts';
import { defaultPasses } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { importCase, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, graphOf, randomTensor, variants } from './op-case.ts';

/** alpha and beta as the functions are used. */
const parameters: Readonly<Record<string, { alpha: number; beta: number }>> = {
  LeakyRelu: { alpha: 0.1, beta: 0 },
  ThresholdedRelu: { alpha: 0.5, beta: 0 },
  Clip: { alpha: -0.5, beta: 6 },
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  Elu: { alpha: 1.25, beta: 0 },
  Selu: { alpha: 1.6732632, beta: 1.050701 },
  Reciprocal: { alpha: 3, beta: 0 },
  Pow: { alpha: 2.5, beta: 0 },
  Affine: { alpha: -1.5, beta: 0.25 },
};

const positiveOnly = ['Log', 'Sqrt', 'Pow'];

function attributesOf(name: string) {
  return { function: name, ...(parameters[name] ?? { alpha: 0, beta: 0 }) };
}

async function runFunction(name: string, x: Tensor, alpha = 0, beta = 0): Promise<Float32Array[]> {
  const graph = graphOf({ op: Unary, attributes: { function: name, alpha, beta }, inputs: [x] });
  return Promise.all(
    variants.map(async (variant) => ((await Executor.create(graph, variant)).run([x.data])[0] as Tensor).data as Float32Array),
  );
}

const bits = (values: Float32Array) => new Int32Array(values.buffer, values.byteOffset, values.length);

/** Distance in units of the last place of float32; numbers of both signs lie on one line. */
function ulps(a: number, b: number): number {
  const [i, j] = bits(Float32Array.of(a, b)) as unknown as [number, number];
  const line = (n: number) => (n < 0 ? -0x80000000 - n : n);
  return Math.abs(line(i) - line(j));
}

describe('Unary float32', () => {
  test.for(Object.keys(unaryFunctions))('%s equals its reference', async (name) => {
    const [low, high] = positiveOnly.includes(name) ? [0, 20] : [-8, 8];
    for (const count of [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 103]) {
      await expectKernelsEqualReference(
        { op: Unary, attributes: attributesOf(name), inputs: [randomTensor([count], count, low, high)] },
        4e-7,
      );
    }
  });

  test.for(Object.keys(unaryFunctions))('%s: scalar and SIMD give the same bits', async (name) => {
    const { alpha, beta } = attributesOf(name);
    const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-45, -1e-40, 3.4e38, -3.4e38, 88.8, -104, 0.5, 1.5, 2.5, -2.5];
    const x = tensor('float32', [500 + special.length], [...randomTensor([500], 7, -30, 30).data, ...special]);
    const [scalar, simd] = (await runFunction(name, x, alpha, beta)) as [Float32Array, Float32Array];
    for (let i = 0; i < x.data.length; i++) {
      const same = bits(scalar)[i] === bits(simd)[i] || (Number.isNaN(scalar[i]) && Number.isNaN(simd[i]));
      expect(same, `f(${x.data[i]}) = ${scalar[i]} and ${simd[i]}`).toBe(true);
    }
  });

  test.for([
    {
      name: 'Exp',
      exact: Math.exp,
      ranges: [
        [-103, 88.7],
        [-1, 1],
        [-1e-6, 1e-6],
      ],
    },
    {
      name: 'Log',
      exact: Math.log,
      ranges: [
        [0, 3e38],
        [0.5, 2],
        [0.999, 1.001],
        [1e-45, 1e-38],
      ],
    },
    {
      name: 'Tanh',
      exact: Math.tanh,
      ranges: [
        [-10, 10],
        [-1e-3, 1e-3],
        [-1e-30, 1e-30],
      ],
    },
    {
      name: 'Erf',
      exact: erf,
      ranges: [
        [-5, 5],
        [-1, 1],
        [-1e-3, 1e-3],
        [0.999, 1.001],
        [3.9, 4.1],
      ],
    },
    {
      name: 'Sigmoid',
      exact: (x: number) => 1 / (1 + Math.exp(-x)),
      ranges: [
        [-100, 20],
        [-1, 1],
      ],
    },
    {
      name: 'Softplus',
      exact: (x: number) => Math.log1p(Math.exp(x)),
      ranges: [
        [-100, 50],
        [-1, 1],
      ],
    },
    {
      name: 'Elu',
      exact: (x: number) => Math.expm1(Math.min(x, 0)) + Math.max(x, 0),
      alpha: 1,
      ranges: [
        [-20, 1],
        [-2e-4, 0],
      ],
    },
  ])('$name is at most 1 ulp off', async ({ name, exact, alpha, ranges }) => {
    for (const [low, high] of ranges as [number, number][]) {
      const x = randomTensor([4096], 11, low, high);
      const [y] = (await runFunction(name, x, alpha)) as [Float32Array];
      const worst = Math.max(...Array.from(x.data, (value, i) => ulps(y[i] as number, Math.fround(exact(value)))));
      expect(worst, `[${low}, ${high}]`).toBeLessThanOrEqual(1);
    }
  });

  test('limits of exp, log, tanh and erf', async () => {
    const x = tensor('float32', [8], [0, -0, Infinity, -Infinity, NaN, -1, 1e-45, 200]);
    const first = async (name: string) => Array.from((await runFunction(name, x))[1] as Float32Array);
    expect(await first('Exp')).toEqual([1, 1, Infinity, 0, NaN, Math.fround(Math.exp(-1)), 1, Infinity]);
    expect(await first('Log')).toEqual([
      -Infinity,
      -Infinity,
      Infinity,
      NaN,
      NaN,
      NaN,
      ...[1e-45, 200].map((v) => Math.fround(Math.log(Math.fround(v)))),
    ]);
    expect(await first('Tanh')).toEqual([0, -0, 1, -1, NaN, Math.fround(Math.tanh(-1)), Math.fround(1e-45), 1]);
    expect(await first('Erf')).toEqual([0, -0, 1, -1, NaN, Math.fround(erf(-1)), Math.fround(1e-45), 1]);
  });

  test.for([0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, 33, Infinity, -Infinity])('x ^ %f as C defines it', async (exponent) => {
    const values = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 10, -10, Infinity, -Infinity, 1e-20, -1e20, 3.7];
    const c = (x: number) => (Math.abs(x) === 1 && Math.abs(exponent) === Infinity ? 1 : x ** exponent);
    const expected = tensor(
      'float32',
      [values.length],
      values.map((value) => c(Math.fround(value))),
    );
    for (const y of await runFunction('Pow', tensor('float32', [values.length], values), exponent)) {
      expectClose({ type: expected.type, data: y }, expected, 2e-7, `^ ${exponent}`);
    }
  });
});

describe('Unary int8', () => {
  const quantized = (name: string, count: number, from: Quantization, to: Quantization) => {
    const builder = new GraphBuilder();
    builder.values.set('x', { name: 'x', type: { dtype: 'int8', shape: [count], quantization: from } });
    builder.add(Unary, ['x'], attributesOf(name), { name: 'f', outputs: ['y'] });
    builder.values.set('y', { name: 'y', type: { dtype: 'int8', shape: [count], quantization: to } });
    return builder.build('int8', [{ name: 'x', value: 'x' }], [{ name: 'y', value: 'y' }]);
  };

  test.for(['Sigmoid', 'LeakyRelu', 'Gelu', 'Log', 'Exp'])('%s: every input value, every tail', async (name) => {
    const from = { scale: [0.05], zeroPoint: 7 };
    const to = unaryFunctions[name]?.known ?? { scale: [0.031], zeroPoint: -9 };
    const { alpha, beta } = attributesOf(name);
    for (const count of [1, 7, 15, 16, 17, 31, 256, 259]) {
      const x = Int8Array.from({ length: count }, (_, i) => (count < 256 ? i * 37 : i) - 128);
      const expected = Array.from(x, (q) => {
        const real = unaryFunctions[name]?.evaluate((q - 7) * 0.05, alpha, beta) as number;
        if (Number.isNaN(real)) return to.zeroPoint;
        const [floor, step] = [Math.floor(real / (to.scale[0] as number)), real / (to.scale[0] as number)];
        const rounded = step - floor === 0.5 ? floor + (floor & 1) : Math.round(step);
        return Math.min(127, Math.max(-128, rounded + to.zeroPoint));
      });
      for (const variant of variants) {
        const executor = await Executor.create(quantized(name, count, from, to), variant);
        expect(Array.from((executor.run([x])[0] as Tensor).data), `${variant} ${count}`).toEqual(expected);
      }
    }
  });
});

interface OnnxCase {
  readonly operator: string;
  readonly attributes?: Readonly<Record<string, string | { readonly float: number }>>;
  readonly opset?: number;
}

describe('Unary from ONNX', () => {
  const cases: readonly OnnxCase[] = [
    { operator: 'Relu' },
    { operator: 'LeakyRelu', attributes: { alpha: { float: 0.2 } } },
    { operator: 'HardSigmoid', attributes: { alpha: { float: 0.3 }, beta: { float: 0.4 } } },
    { operator: 'HardSwish' },
    { operator: 'Elu', attributes: { alpha: { float: 2 } } },
    { operator: 'Celu', attributes: { alpha: { float: 2 } } },
    { operator: 'Selu', attributes: { alpha: { float: 1.5 }, gamma: { float: 1.25 } } },
    { operator: 'ThresholdedRelu', attributes: { alpha: { float: 0.75 } } },
    { operator: 'Mish', opset: 18 },
    { operator: 'Swish', opset: 24 },
    ...[1.702, -0.5, 0].map((alpha) => ({ operator: 'Swish', attributes: { alpha: { float: alpha } }, opset: 24 })),
    { operator: 'Gelu', opset: 20 },
    { operator: 'Gelu', attributes: { approximate: 'tanh' }, opset: 20 },
    ...['Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'Erf', 'Exp', 'Abs', 'Neg', 'Floor', 'Ceil', 'Round', 'Reciprocal'].map((operator) => ({
      operator,
    })),
  ];

  test.for(cases)('$operator $attributes equals ONNX Runtime', async ({ operator, attributes, opset }) => {
    const x = randomTensor([2, 3, 11], 5, -4, 4);
    const model = {
      nodes: [onnxNode(operator, ['x'], 'y', attributes)],
      inputs: { x: toOnnxTensor(x) },
      outputs: { y: 'float32' as const },
      ...(opset && { opset }),
    };
    const expected = (await runOnnxRuntime(model)).y as { shape: number[]; data: Float32Array };
    for (const variant of variants) {
      const [y] = (await runWhittle(importCase(model), [x.data], variant)) as [Tensor];
      expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: expected.data }, 1e-6, variant);
    }
  });

  test.for([
    ['Swish', 'Silu'],
    ['Celu', 'Selu'],
  ] as const)('%s is one %s where nothing is scaled', ([operator, name]) => {
    const model = {
      nodes: [onnxNode(operator, ['x'], 'y')],
      inputs: { x: toOnnxTensor(randomTensor([2], 1)) },
      outputs: { y: 'float32' as const },
      opset: 24,
    };
    expect(runPasses(importCase(model), defaultPasses).nodes.map(({ attributes }) => attributes.function)).toEqual([name]);
  });

  test('an unknown approximation of Gelu is refused with a fix', () => {
    const model = {
      nodes: [onnxNode('Gelu', ['x'], 'y', { approximate: 'sinus' })],
      inputs: { x: toOnnxTensor(randomTensor([2], 1)) },
      outputs: { y: 'float32' as const },
      opset: 20,
    };
    expect(() => importCase(model)).toThrow(/approximate "sinus".*export with approximate "none" or "tanh"/);
  });

  test('integers of shape arithmetic stay integers', () => {
    const [y] = Unary.evaluate([tensor('int32', [3], [-4, 0, 9])], { function: 'Neg', alpha: 0, beta: 0 }) as [Tensor];
    expect(y.data).toEqual(Int32Array.of(4, 0, -9));
  });
});
