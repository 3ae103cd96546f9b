/** Recognizes y = scale · x + shift with one constant per channel (the last axis), whichever operator says it. */
import { constantOf, elementCount, type Graph, type Node, type ValueName, valueOf } from '../graph.ts';

export interface Affine {
  readonly x: ValueName;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** One number per channel; undefined when the constant differs along another axis or broadcasts the result. */
function perChannel(graph: Graph, name: ValueName | undefined, channels: number): readonly number[] | undefined {
  const constant = constantOf(graph, name);
  if (!constant) return undefined;
  const { shape } = constant.type;
  if (elementCount(shape) === 1) return new Array<number>(channels).fill(constant.data[0] as number);
  return elementCount(shape) === channels && shape.at(-1) === channels ? [...constant.data] : undefined;
}

type Coefficients = readonly [scale: (constant: number) => number, shift: (constant: number) => number];

/** Operator name → coefficients when the constant is the second and when it is the first operand. */
const coefficients: Readonly<Record<string, readonly [second: Coefficients, first: Coefficients | undefined]>> = {
  Add: [
    [() => 1, (c) => c],
    [() => 1, (c) => c],
  ],
  Sub: [
    [() => 1, (c) => -c],
    [() => -1, (c) => c],
  ],
  Mul: [
    [(c) => c, () => 0],
    [(c) => c, () => 0],
  ],
  Div: [[(c) => 1 / c, () => 0], undefined],
};

/** undefined: the node is something else, has a fused activation, or divides by zero. */
export function affineOf(graph: Graph, node: Node): Affine | undefined {
  const { type } = valueOf(graph, node.outputs[0] as ValueName);
  const channels = type.shape.at(-1) ?? 1;
  if (type.dtype !== 'float32') return undefined;
  if (node.op.name === 'Unary' && node.attributes.function === 'Affine') {
    const repeat = (value: number) => new Array<number>(channels).fill(value);
    return { x: node.inputs[0] as ValueName, scale: repeat(node.attributes.alpha), shift: repeat(node.attributes.beta) };
  }
  const known = coefficients[node.op.name];
  const clamp = node.attributes?.clamp;
  if (!known || clamp?.[0] !== -Infinity || clamp?.[1] !== Infinity) return undefined;
  for (const side of [1, 0] as const) {
    const x = node.inputs[1 - side] as ValueName;
    const constants = perChannel(graph, node.inputs[side], channels);
    const chosen = known[1 - side];
    const { shape } = valueOf(graph, x).type;
    if (!constants || !chosen || shape.length !== type.shape.length || elementCount(shape) !== elementCount(type.shape)) continue;
    const affine = { x, scale: constants.map(chosen[0]), shift: constants.map(chosen[1]) };
    return affine.scale.every(Number.isFinite) ? affine : undefined;
  }
  return undefined;
}
