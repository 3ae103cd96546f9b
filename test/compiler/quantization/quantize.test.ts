import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../compiler/errors.ts';
import { type Graph, type Quantization, type TypedArray, valueOf } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import type { KernelCall, Op } from '../../../compiler/ops/op.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import type { Range } from '../../../compiler/quantization/range.ts';
import { randomTensor } from '../ops/op-case.ts';

const call: KernelCall = { opcode: 0, operands: [], parameters: [] };

/** An operator of one rule on equal shapes; it never runs here. */
function operator(name: string, quantize: Op['quantize'], kernel: Op['kernel'] = () => call): Op<object> {
  return {
    name,
    onnx: {},
    infer: ([x]) => [{ dtype: x?.dtype ?? 'float32', shape: x?.shape ?? [] }],
    evaluate: ([x]) => [x as never],
    quantize,
    kernel,
  };
}

const Move = operator('Move', { kind: 'same-as-input' });
const Observed = operator('Observed', { kind: 'observed' });
const Unit = operator('Unit', { kind: 'fixed', output: () => ({ scale: [1 / 256], zeroPoint: -128 }) });
const Known = operator('Known', { kind: 'observed', known: () => ({ scale: [1 / 256], zeroPoint: -128 }) });
const Indices: Op<object> = {
  ...Move,
  name: 'Indices',
  infer: ([x]) => [{ dtype: 'int32', shape: x?.shape ?? [] }],
};
const Island = operator('Island', { kind: 'float' });
const FloatKernel = operator('FloatKernel', { kind: 'observed' }, (_, { inputs: [x] }) => (x?.type.dtype === 'float32' ? call : undefined));

class Example {
  readonly builder = new GraphBuilder();
  readonly ranges = new Map<string, Range>();

  input(name: string, max = 1, quantization?: Quantization): string {
    this.builder.define(name, { dtype: 'float32', shape: [1, 4], ...(quantization && { quantization }) });
    this.ranges.set(name, { min: 0, max });
    return name;
  }

  add(op: Op<object>, name: string, inputs: readonly string[], max: number | undefined = undefined, demand?: Quantization): string {
    this.builder.add(op, inputs, {}, { name, outputs: [name] });
    if (max !== undefined) this.ranges.set(name, { min: 0, max });
    if (demand) this.demand(name, demand);
    return name;
  }

  dense(name: string, x: string, max: number, weights = randomTensor([4, 4], 1), bias: TypedArray = new Float32Array(4)): string {
    const w = this.builder.addConstant(weights, `${name}.w`);
    const b = this.builder.addConstant({ type: { dtype: 'float32', shape: [4] }, data: bias }, `${name}.b`);
    this.builder.add(Dense, [x, w, b], unclamped, { name, outputs: [name] });
    this.ranges.set(name, { min: 0, max });
    return name;
  }

  demand(name: string, quantization: Quantization): void {
    const value = this.builder.values.get(name);
    if (value) this.builder.values.set(name, { ...value, type: { ...value.type, quantization } });
  }

  graph(inputs: readonly string[], outputs: readonly string[]): Graph {
    const ports = (names: readonly string[]) => names.map((name) => ({ name, value: name }));
    return this.builder.build('example', ports(inputs), ports(outputs));
  }

  quantize(inputs: readonly string[], outputs: readonly string[], keepFloat: readonly string[] = []) {
    return quantizeGraph(this.graph(inputs, outputs), this.ranges, { keepFloat });
  }
}

/** One line per node: outputs ← operator inputs; int8 values as name@scale·255+zeroPoint. */
function print(graph: Graph): string {
  const show = (name: string) => {
    const { dtype, quantization } = valueOf(graph, name).type;
    if (dtype !== 'int8' || !quantization) return `${name}:${dtype}`;
    const scale = quantization.scale.length === 1 ? Number(((quantization.scale[0] as number) * 255).toPrecision(4)) : 'channels';
    return `${name}@${scale}${quantization.zeroPoint < 0 ? '' : '+'}${quantization.zeroPoint}`;
  };
  const lines = graph.nodes.map((node) => `${node.outputs.map(show)} <- ${node.op.name} ${node.inputs.map(show).join(' ')}`);
  const ports = (list: Graph['inputs']) => list.map((port) => show(port.value)).join(' ');
  return [`in ${ports(graph.inputs)}`, ...lines, `out ${ports(graph.outputs)}`].join('\n');
}

describe('quantizeGraph', () => {
  test('a layer: int8 weights per channel, int32 bias, int8 ports', () => {
    const example = new Example();
    example.dense('y', example.input('x', 2), 5, undefined, Float32Array.of(1, -1, 0.5, 0));
    const { graph, islands } = example.quantize(['x'], ['y']);
    expect(islands).toEqual([]);
    expect(print(graph)).toBe('in x@2-128\ny@5-128 <- Dense x@2-128 y.w.int8@channels+0 y.b.int32:int32\nout y@5-128');
    const scales = valueOf(graph, 'y.w.int8').type.quantization?.scale as number[];
    expect([...(valueOf(graph, 'y.b.int32').constant as Int32Array)]).toEqual(
      [1, -1, 0.5, 0].map((b, o) => Math.round(b / (Math.fround(2 / 255) * (scales[o] as number)))),
    );
  });

  test('operands of operators that only move numbers share one scale; each other value keeps its own', () => {
    const example = new Example();
    const [a, b] = [example.add(Observed, 'a', [example.input('x')], 2), example.add(Observed, 'b', ['x'], 6)];
    example.add(Move, 'joined', [a, b]);
    example.add(Move, 'again', ['joined']);
    example.add(Observed, 'y', ['again'], 9);
    expect(print(example.quantize(['x'], ['y']).graph)).toMatchInlineSnapshot(`
      "in x@1-128
      a@6-128 <- Observed x@1-128
      b@6-128 <- Observed x@1-128
      joined@6-128 <- Move a@6-128 b@6-128
      again@6-128 <- Move joined@6-128
      y@9-128 <- Observed again@6-128
      out y@9-128"
    `);
  });

  test('fixed parameters win in a group whose range they hold', () => {
    const example = new Example();
    example.add(Observed, 'a', [example.input('x', 3)], 0.8);
    example.add(Unit, 'unit', ['x'], 1);
    example.add(Move, 'y', ['a', 'unit']);
    const printed = print(example.quantize(['x'], ['y']).graph);
    expect(printed).toContain('y@0.9961-128 <- Move a@0.9961-128 unit@0.9961-128');
  });

  test('fixed parameters that would clip their neighbours are requantized on their edge', () => {
    const example = new Example();
    example.add(Unit, 'unit', [example.input('x', 3)], 1);
    example.add(Observed, 'a', ['x'], 50);
    example.add(Move, 'y', ['unit', 'a']);
    expect(print(example.quantize(['x'], ['y']).graph)).toMatchInlineSnapshot(`
      "in x@3-128
      unit@0.9961-128 <- Unit x@3-128
      a@50-128 <- Observed x@3-128
      unit.int8@50-128 <- Requantize unit@0.9961-128
      y@50-128 <- Move unit.int8@50-128 a@50-128
      out y@50-128"
    `);
  });

  test('parameters that a function is known to need hold until a group needs more', () => {
    const example = new Example();
    example.add(Known, 'known', [example.input('x', 3)]);
    example.add(Move, 'moved', ['known']);
    expect(print(example.quantize(['x'], ['moved']).graph)).toContain('moved@0.9961-128 <- Move known@0.9961-128');
    example.add(Observed, 'a', ['x'], 50);
    example.add(Move, 'y', ['moved', 'a']);
    expect(print(example.quantize(['x'], ['y']).graph)).toMatchInlineSnapshot(`
      "in x@3-128
      known@50-128 <- Known x@3-128
      moved@50-128 <- Move known@50-128
      a@50-128 <- Observed x@3-128
      y@50-128 <- Move moved@50-128 a@50-128
      out y@50-128"
    `);
  });

  test('outputs that are not float32 stay as they are', () => {
    const example = new Example();
    example.add(Indices, 'y', [example.add(Observed, 'a', [example.input('x')], 2)]);
    expect(print(example.quantize(['x'], ['y']).graph)).toContain('y:int32 <- Indices a@2-128');
  });

  test('constants take the scale of their group, or their own', () => {
    const example = new Example();
    const constant = example.builder.addConstant({ type: { dtype: 'float32', shape: [1, 4] }, data: Float32Array.of(0, 1, 2, 3) }, 'c');
    example.add(Observed, 'a', [example.input('x', 5), constant], 7);
    example.add(Move, 'y', ['a', constant]);
    const { graph } = example.quantize(['x'], ['y']);
    expect(print(graph)).toMatchInlineSnapshot(`
      "in x@5-128
      a@7-128 <- Observed x@5-128 c.int8@3-128
      y@7-128 <- Move a@7-128 c.int8.1@7-128
      out y@7-128"
    `);
    expect([...(valueOf(graph, 'c.int8').constant as Int8Array)]).toEqual([-128, -43, 42, 127]);
    expect([...(valueOf(graph, 'c.int8.1').constant as Int8Array)]).toEqual([-128, -92, -55, -19]);
  });
});

describe('float islands', () => {
  test('conversions stand at the borders only, once per value', () => {
    const example = new Example();
    example.add(Observed, 'a', [example.input('x')], 2);
    example.add(Island, 'i', ['a'], 3);
    example.add(Island, 'j', ['i'], 4);
    example.add(Island, 'k', ['a'], 5);
    example.add(Observed, 'b', ['j'], 6);
    example.add(Observed, 'y', ['j'], 7);
    const { graph, islands } = example.quantize(['x'], ['b', 'y', 'k']);
    expect(print(graph)).toMatchInlineSnapshot(`
      "in x@1-128
      a@2-128 <- Observed x@1-128
      a.float32:float32 <- Dequantize a@2-128
      i:float32 <- Island a.float32:float32
      j:float32 <- Island i:float32
      k:float32 <- Island a.float32:float32
      j.int8@4-128 <- Quantize j:float32
      b@6-128 <- Observed j.int8@4-128
      y@7-128 <- Observed j.int8@4-128
      out b@6-128 y@7-128 k:float32"
    `);
    expect(islands).toEqual(['i', 'j', 'k'].map((node) => ({ node, operator: 'Island', reason: 'there is no int8 kernel for it' })));
  });

  test('an input that an island reads is a float32 port', () => {
    const example = new Example();
    example.add(Island, 'i', [example.input('x')], 3);
    example.add(Observed, 'y', ['x'], 7);
    expect(print(example.quantize(['x'], ['i', 'y']).graph)).toMatch(
      /^in x:float32\n(?:.*\n)*y@7-128 <- Observed x.int8@1-128\nout i:float32 y@7-128$/,
    );
  });

  test('what only moves numbers between islands joins them', () => {
    const example = new Example();
    example.add(Island, 'i', [example.input('x')], 3);
    example.add(Move, 'm', ['i']);
    example.add(Move, 'n', ['m']);
    example.add(Island, 'y', ['n'], 3);
    const { graph, islands } = example.quantize(['x'], ['y']);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Island', 'Move', 'Move', 'Island']);
    expect(islands.map(({ node }) => node).sort()).toEqual(['i', 'm', 'n', 'y']);
  });

  test('keepFloat makes an island and names what does not exist', () => {
    const example = new Example();
    example.dense('y', example.add(Observed, 'a', [example.input('x')], 2), 3);
    const { graph, islands } = example.quantize(['x'], ['y'], ['y']);
    expect(islands).toEqual([{ node: 'y', operator: 'Dense', reason: 'kept in float32 as asked' }]);
    expect(valueOf(graph, 'y').type.dtype).toBe('float32');
    expect(() => example.quantize(['x'], ['y'], ['z'])).toThrow(UsageError);
  });

  test('a node without an int8 kernel for its types becomes one, and its neighbours stay integer', () => {
    const example = new Example();
    example.add(FloatKernel, 'a', [example.input('x')], 2);
    example.add(Observed, 'y', ['a'], 3);
    const { graph, islands } = example.quantize(['x'], ['y']);
    expect(islands).toEqual([{ node: 'a', operator: 'FloatKernel', reason: 'there is no int8 kernel for these shapes and scales' }]);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['FloatKernel', 'Quantize', 'Observed']);
  });

  test('values without a range make one', () => {
    const example = new Example();
    example.add(Observed, 'a', [example.input('x')]);
    example.add(Observed, 'y', ['x'], 3);
    const { islands } = example.quantize(['x'], ['a', 'y']);
    expect(islands).toEqual([{ node: 'a', operator: 'Observed', reason: expect.stringContaining('"a" has no range') }]);
  });

  test('a layer whose output could leave the exact range of the rounding makes one', () => {
    const example = new Example();
    example.dense('y', example.input('x', 1000), 1e-3);
    expect(example.quantize(['x'], ['y']).islands[0]?.reason).toMatch(
      /channel \d can reach .* output steps, rounding is exact below 4.19e\+6/,
    );
  });

  test('a bias that the given weight scales cannot hold makes one', () => {
    const example = new Example();
    const weights = randomTensor([4, 4], 1);
    const demanded = { ...weights, type: { ...weights.type, quantization: { scale: [1e-9], zeroPoint: 0 } } };
    example.dense('y', example.input('x', 1), 1e6, demanded, Float32Array.of(5e5, 0, 0, 0));
    expect(example.quantize(['x'], ['y']).islands[0]?.reason).toMatch(/channel 0 can accumulate .*, int32 holds/);
  });
});

describe('parameters that came with the model', () => {
  const demand: Quantization = { scale: [0.5], zeroPoint: 3 };

  test('are used as they are, without any range', () => {
    const example = new Example();
    example.add(Observed, 'y', [example.input('x', 1, demand)], undefined, { scale: [0.25], zeroPoint: -7 });
    example.ranges.clear();
    const { graph, islands } = example.quantize(['x'], ['y']);
    expect(islands).toEqual([]);
    expect(valueOf(graph, 'x').type.quantization).toEqual(demand);
    expect(valueOf(graph, 'y').type.quantization).toEqual({ scale: [0.25], zeroPoint: -7 });
  });

  test('weights come back as the integers they were', () => {
    const example = new Example();
    const integers = Int8Array.from({ length: 16 }, (_, i) => i * 16 - 128);
    const scale = [0.1, 0.01, 0.3, 0.007].map(Math.fround);
    const data = Float32Array.from(integers, (q, i) => q * (scale[Math.floor(i / 4)] as number));
    example.dense('y', example.input('x'), 9, {
      type: { dtype: 'float32', shape: [4, 4], quantization: { scale, zeroPoint: 0, axis: 0 } },
      data,
    });
    const weights = valueOf(example.quantize(['x'], ['y']).graph, 'y.w.int8');
    expect(weights.constant).toEqual(integers);
    expect(weights.type.quantization?.scale).toEqual(scale);
  });

  test('of two neighbours in a group that disagree, the edge between them is requantized', () => {
    const example = new Example();
    example.add(Move, 'y', [example.input('x', 1, demand)], undefined, { scale: [0.25], zeroPoint: 0 });
    expect(example.quantize(['x'], ['y']).graph.nodes.map((node) => node.op.name)).toEqual(['Requantize', 'Move']);
  });

  test('behind an operator with fixed ones, a Requantize follows it', () => {
    const example = new Example();
    example.add(Unit, 'y', [example.input('x')], undefined, demand);
    const { graph } = example.quantize(['x'], ['y']);
    expect(print(graph)).toBe('in x@1-128\ny.fixed@0.9961-128 <- Unit x@1-128\ny@127.5+3 <- Requantize y.fixed@0.9961-128\nout y@127.5+3');
  });
});

test('a reshape between layers changes nothing', () => {
  const example = new Example();
  example.dense('a', example.input('x'), 3);
  example.builder.add(Reshape, ['a'], { shape: [4] }, { name: 'y', outputs: ['y'] });
  expect(valueOf(example.quantize(['x'], ['y']).graph, 'y').type.quantization).toEqual(
    valueOf(example.quantize(['x'], ['y']).graph, 'a').type.quantization,
  );
});
