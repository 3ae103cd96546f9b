/**
 * A per-channel Mul, Add, Sub or Div in front of a convolution or Dense layer → its weights and bias.
 *
 *     a ← Mul x, s{float32 [C]};  y ← Conv2d a, w, b      →      y ← Conv2d x, w·s, b
 *     a ← Add x, t{float32 [C]};  y ← Conv2d a, w, b      →      y ← Conv2d x, w, b + Σ w·t
 *
 * Conditions: nothing else reads a; the convolution does not pad, unless only a scale is folded (it pads zeros, which a
 * scale keeps and a shift does not); its weights and bias as in fuse-affine.ts.
 */
import type { Node, ValueName } from '../graph.ts';
import { Conv2d, type Conv2dAttributes } from '../ops/conv2d.ts';
import { Dense } from '../ops/dense.ts';
import { affineOf } from './affine.ts';
import { mergeableProducer } from './fuse-activation.ts';
import { constantLayer, mapConstant } from './fuse-affine.ts';
import { rewritePass } from './pass.ts';

/** Whether zeros count among the inputs of some outputs: around the image, or between the pixels of a transposed convolution. */
function pads(node: Node): boolean {
  if (node.op !== Conv2d) return node.op !== Dense;
  const { padBefore, padAfter } = node.attributes as Conv2dAttributes;
  return [...padBefore, ...padAfter].some((pad) => pad > 0);
}

export const fuseAffineForward = rewritePass('fuse-affine-forward', (node, graph) => {
  const layer = constantLayer(graph, node);
  const producer = layer && mergeableProducer(graph, node.inputs[0] as ValueName);
  const affine = producer && affineOf(graph, producer);
  if (!layer || !affine || (pads(node) && affine.shift.some((shift) => shift !== 0))) return undefined;
  const { scale, shift, x } = affine;
  const channels = layer.bias.constant.length;
  const groupChannels = layer.weights.type.shape.at(-1) as number;
  const perChannel = layer.weights.constant.length / channels;
  const groups = scale.length / groupChannels;
  // Weight i belongs to this channel of the input.
  const inputChannel = (i: number) => Math.floor(i / perChannel / (channels / groups)) * groupChannels + (i % groupChannels);
  const old = layer.weights.constant;
  const weights = mapConstant(graph, layer.weights, (w, i) => w * (scale[inputChannel(i)] as number));
  const bias = mapConstant(graph, layer.bias, (b, o) => {
    let sum = b;
    for (let i = o * perChannel; i < (o + 1) * perChannel; i++) sum += (old[i] as number) * (shift[inputChannel(i)] as number);
    return sum;
  });
  return { nodes: [{ ...node, inputs: [x, weights.name, bias.name] }], values: [weights, bias] };
});
