/**
 * Several elementwise nodes that are together one function of one value → Unary.
 *
 *     a ← Unary(Affine 1, 3) x;  b ← Unary(Clip 0, 6) a;  c ← Mul x, b;  y ← Unary(Affine 1/6, 0) c      →      y ← Unary(HardSwish) x
 *
 * Exporters spell activations out in many ways (x · sigmoid(x); 0.5 x (1 + erf(x/√2)); max(x, 0.1 x)). So the nodes are not
 * compared with patterns: they are evaluated at sample points and compared with the functions that Unary knows. On int8 one
 * function is one table, rounded once.
 *
 * Conditions: the nodes between x and y are read by each other only, and the model demands no quantization for what
 * they compute (QDQ).
 */
import { consumersOf, type Graph, isGraphOutput, type Node, producerOf, type Tensor, tensor, type ValueName, valueOf } from '../graph.ts';
import { Unary, type UnaryAttributes } from '../ops/unary.ts';
import { unaryFunctions } from '../ops/unary-functions.ts';
import { rewritePass } from './pass.ts';

const elementwiseOperators = ['Add', 'Div', 'Max', 'Min', 'Mul', 'Pow', 'PRelu', 'Sub', 'Unary'];

/** The longest spelling known, GELU with tanh, has 8 nodes. */
const MAX_NODES = 10;

/** Far enough for what saturates to saturate, and dense around the bends. */
const samplePoints = Array.from({ length: 161 }, (_, i) => (i - 80) / 8 + 0.013).concat([-1000, -100, -30, 30, 100, 1000]);

/** Constants are rounded to float32 (1/6, √2). */
const TOLERANCE = 2e-6;

/** Whether the node computes each element of its output from the same elements of its operands, or from constant numbers. */
function isElementwise(graph: Graph, node: Node): boolean {
  const { type } = valueOf(graph, node.outputs[0] as ValueName);
  if (!elementwiseOperators.includes(node.op.name) || type.dtype !== 'float32') return false;
  return node.inputs.every((name) => {
    const input = valueOf(graph, name);
    if (input.constant) return input.constant.length === 1;
    return input.type.shape.length === type.shape.length && input.type.shape.every((extent, i) => extent === type.shape[i]);
  });
}

/** The nodes, last first, as a function of the value x. */
function evaluateAt(graph: Graph, nodes: readonly Node[], x: ValueName, points: readonly number[]): ArrayLike<number> {
  const known = new Map<ValueName, Tensor>([[x, tensor('float32', [points.length], points)]]);
  const operand = (name: ValueName): Tensor => {
    const value = valueOf(graph, name);
    return known.get(name) ?? { type: { ...value.type, shape: [1] }, data: value.constant as Tensor['data'] };
  };
  for (const node of graph.nodes.filter((candidate) => nodes.includes(candidate))) {
    known.set(node.outputs[0] as ValueName, node.op.evaluate(node.inputs.map(operand), node.attributes)[0] as Tensor);
  }
  return operand(nodes[0]?.outputs[0] as ValueName).data;
}

/** Functions that the values at the sample points may be; parameters are read off the values. */
function candidates(f: (x: number) => number): UnaryAttributes[] {
  const offset = f(0);
  const parametric = [
    { function: 'Affine', alpha: f(1) - offset, beta: offset },
    { function: 'LeakyRelu', alpha: -f(-1), beta: 0 },
    { function: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 },
    { function: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
    { function: 'Clip', alpha: f(-1e6), beta: f(1e6) },
  ];
  const fixed = ['Relu', 'HardSwish', 'Silu', 'Gelu', 'GeluTanh', 'Mish', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh', 'Abs'];
  return [...fixed.map((name) => ({ function: name, alpha: 0, beta: 0 })), ...parametric];
}

/** Whether the function may go on: a linear part must not be taken from the HardSwish that it begins. */
function goesOn(graph: Graph, [last]: readonly Node[]): boolean {
  return consumersOf(graph, last?.outputs[0] as ValueName).some((node) => isElementwise(graph, node));
}

function recognize(graph: Graph, nodes: readonly Node[], x: ValueName): UnaryAttributes | undefined {
  const values = evaluateAt(graph, nodes, x, samplePoints);
  const single = (point: number) => evaluateAt(graph, nodes, x, [point])[0] as number;
  return candidates(single).find(({ function: name, alpha, beta }) => {
    if (name === 'Affine' && goesOn(graph, nodes)) return false;
    const f = unaryFunctions[name]?.evaluate as (x: number, alpha: number, beta: number) => number;
    return samplePoints.every((point, i) => {
      const expected = f(point, alpha, beta);
      return Math.abs((values[i] as number) - expected) <= TOLERANCE * Math.max(1, Math.abs(expected), Math.abs(point));
    });
  });
}

export const recognizeFunctions = rewritePass('recognize-functions', (last, graph) => {
  if (!isElementwise(graph, last)) return undefined;
  const nodes = [last];
  const operands = new Set(last.inputs.filter((name) => !valueOf(graph, name).constant));
  /** Takes a producer into the function, when nothing outside reads it. */
  const expand = (): boolean => {
    for (const name of operands) {
      const producer = producerOf(graph, name);
      const isInside = !isGraphOutput(graph, name) && consumersOf(graph, name).every((node) => nodes.includes(node));
      if (!producer || !isInside || valueOf(graph, name).type.quantization || !isElementwise(graph, producer)) continue;
      nodes.push(producer);
      operands.delete(name);
      for (const input of producer.inputs) if (!valueOf(graph, input).constant) operands.add(input);
      return true;
    }
    return false;
  };
  while (nodes.length < MAX_NODES && expand()) {
    const [x] = operands;
    const attributes = operands.size === 1 && x !== undefined ? recognize(graph, nodes, x) : undefined;
    if (attributes) return { nodes: [{ ...last, op: Unary, inputs: [x as ValueName], attributes }] };
  }
  return undefined;
});
