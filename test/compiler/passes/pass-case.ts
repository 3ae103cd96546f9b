/** Small graphs before and after passes: as text, and computed with equal outputs. */
import { type Graph, type Tensor, tensor, type ValueName, valueOf } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d, type Conv2dAttributes } from '../../../compiler/ops/conv2d.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { type Pass, runPasses } from '../../../compiler/passes/pass.ts';
import { inverse, permute } from '../../../compiler/passes/permutation.ts';
import { printGraph } from '../../../compiler/print.ts';
import { verify } from '../../../compiler/verify.ts';
import { expectClose, randomTensor } from '../ops/op-case.ts';

/** A graph with the given inputs; `build` returns its outputs. */
export function buildGraph(
  inputs: Readonly<Record<ValueName, readonly number[]>>,
  build: (graph: GraphBuilder) => readonly ValueName[],
): Graph {
  const builder = new GraphBuilder();
  for (const [name, shape] of Object.entries(inputs)) builder.define(name, { dtype: 'float32', shape });
  const port = (name: ValueName) => ({ name, value: name });
  return verify(builder.build('test', Object.keys(inputs).map(port), build(builder).map(port)), 'test');
}

/** A constant of seeded random numbers in [-1, 1). */
export function randomConstant(graph: GraphBuilder, name: ValueName, shape: readonly number[], seed = 1): ValueName {
  return graph.addConstant(randomTensor(shape, seed), name);
}

const plainWindow = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0] } as const;

/** A convolution of a channels-last value with random weights. */
export function addConv(
  graph: GraphBuilder,
  x: ValueName,
  name: ValueName,
  channels: number,
  attributes: Partial<Conv2dAttributes> = {},
): ValueName {
  const all = { ...plainWindow, groups: 1, clamp: [-Infinity, Infinity] as const, ...attributes };
  const inputChannels = graph.shape(x).at(-1) as number;
  const weights = randomConstant(graph, `${name}.w`, [channels, ...all.kernel, inputChannels / all.groups], name.length);
  return graph.addOne(Conv2d, [x, weights, randomConstant(graph, `${name}.b`, [channels], 7)], all, { output: name, name });
}

/** The same as an importer adds it: between Transposes. */
export function addChannelsFirstConv(
  graph: GraphBuilder,
  x: ValueName,
  name: ValueName,
  channels: number,
  attributes: Partial<Conv2dAttributes> = {},
): ValueName {
  const last = graph.addOne(Transpose, [x], { permutation: [0, 2, 3, 1] }, { output: `${name}.in` });
  const y = addConv(graph, last, `${name}.nhwc`, channels, attributes);
  return graph.addOne(Transpose, [y], { permutation: [0, 3, 1, 2] }, { output: name });
}

/** The graph by the operators' own references. Inputs and outputs are in the model's own order of axes. */
export function evaluateGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const known = new Map<ValueName, Tensor>();
  for (const { name, type, constant: data } of graph.values.values()) if (data) known.set(name, { type, data });
  graph.inputs.forEach((port, i) => known.set(port.value, transposed(inputs[i] as Tensor, port.permutation)));
  for (const node of graph.nodes) {
    const operands = node.inputs.map((name) => known.get(name) as Tensor);
    node.op.evaluate(operands, node.attributes).forEach((output, i) => known.set(node.outputs[i] as ValueName, output));
  }
  return graph.outputs.map((port) => transposed(known.get(port.value) as Tensor, port.permutation && inverse(port.permutation)));
}

function transposed(input: Tensor, permutation: readonly number[] | undefined): Tensor {
  return permutation ? (Transpose.evaluate([input], { permutation })[0] as Tensor) : input;
}

/** Random inputs in the model's own order of axes. */
export function randomInputs(graph: Graph, seed = 11): Tensor[] {
  return graph.inputs.map((port, i) => {
    const { shape } = valueOf(graph, port.value).type;
    return randomTensor(port.permutation ? permute(shape, inverse(port.permutation)) : shape, seed + i);
  });
}

/** Runs the passes; the result computes the same within 1e-5 (sums in another order). Returns it as text. */
export function expectSameOutputs(graph: Graph, passes: readonly Pass[]): string {
  const result = runPasses(graph, passes);
  const inputs = randomInputs(graph);
  const expected = evaluateGraph(graph, inputs);
  evaluateGraph(result, inputs).forEach((output, i) => expectClose(output, expected[i] as Tensor, 1e-5, `output ${i}`));
  return printGraph(result);
}

/** A constant with the given numbers. */
export function constant(graph: GraphBuilder, name: ValueName, shape: readonly number[], data: readonly number[]): ValueName {
  return graph.addConstant(tensor('float32', shape, data), name);
}
