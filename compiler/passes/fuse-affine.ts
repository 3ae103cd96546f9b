/**
 * A per-channel Mul, Add, Sub or Div behind a convolution or Dense layer → its weights and bias.
 *
 *     a ← Conv2d x, w, b;  y ← Mul a, s{float32 [O]}      →      y ← Conv2d x, w·s, b·s
 *     a ← Conv2d x, w, b;  y ← Add a, t{float32 [O]}      →      y ← Conv2d x, w, b + t
 *
 * Conditions: nothing else reads a; the convolution has no fused activation; weights and bias are constants without a
 * quantization that the model demands (QDQ: their scales would be wrong).
 */
import { freshName, type Graph, type Node, type Value, type ValueName, valueOf } from '../graph.ts';
import { ConvTranspose2d } from '../ops/conv-transpose.ts';
import { Conv2d } from '../ops/conv2d.ts';
import { Dense } from '../ops/dense.ts';
import { affineOf } from './affine.ts';
import { mergeableProducer } from './fuse-activation.ts';
import { rewritePass } from './pass.ts';

export interface ConstantLayer {
  readonly weights: Value & { readonly constant: NonNullable<Value['constant']> };
  readonly bias: Value & { readonly constant: NonNullable<Value['constant']> };
}

/** Weights [O, …, C / groups] and bias [O] of a layer that may be changed. */
export function constantLayer(graph: Graph, node: Node | undefined): ConstantLayer | undefined {
  if (!node || !(node.op === Conv2d || node.op === ConvTranspose2d || node.op === Dense)) return undefined;
  const [weights, bias] = node.inputs.slice(1).map((name) => valueOf(graph, name)) as [Value, Value];
  const changeable = (value: Value) => value.constant && value.type.dtype === 'float32' && !value.type.quantization;
  return changeable(weights) && changeable(bias) ? ({ weights, bias } as ConstantLayer) : undefined;
}

/** The constant with each element replaced, under a new name: another layer may share the old one. */
export function mapConstant(graph: Graph, value: ConstantLayer['bias'], f: (element: number, index: number) => number): Value {
  const constant = new Float32Array(value.constant.length);
  for (let i = 0; i < constant.length; i++) constant[i] = f(value.constant[i] as number, i);
  return { ...value, name: freshName(graph, `${value.name}.fused`), constant };
}

export const fuseAffine = rewritePass('fuse-affine', (node, graph) => {
  const affine = affineOf(graph, node);
  const producer = affine && mergeableProducer(graph, affine.x);
  const layer = constantLayer(graph, producer);
  if (!affine || !producer || !layer) return undefined;
  const [low, high] = producer.attributes.clamp as readonly [number, number];
  if (low !== -Infinity || high !== Infinity) return undefined;
  const { scale, shift } = affine;
  const perChannel = layer.weights.constant.length / layer.bias.constant.length;
  const weights = scale.every((factor) => factor === 1)
    ? layer.weights
    : mapConstant(graph, layer.weights, (w, i) => w * (scale[Math.floor(i / perChannel)] as number));
  const bias = mapConstant(graph, layer.bias, (b, o) => b * (scale[o] as number) + (shift[o] as number));
  const inputs = [producer.inputs[0] as ValueName, weights.name, bias.name];
  return { nodes: [{ ...producer, inputs, outputs: node.outputs }], values: [weights, bias] };
});
