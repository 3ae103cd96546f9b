/**
 * A per-channel Mul and a per-channel Add behind it that no layer took → a depthwise 1x1 convolution.
 *
 *     a ← Mul x, s{float32 [C]};  y ← Add a, t{float32 [C]}      →      y ← Conv2d(kernel [1, 1], groups C) x, s [C, 1, 1, 1], t
 *
 * On int8 that is one rounding instead of two, with one scale per channel, so that s is exact (a BatchNormalization behind
 * a Concat, as in DenseNet).
 *
 * Conditions: x is an image or a sequence of more than one channel, channels last; nothing else reads a.
 */
import { freshName, tensor, type Value, type ValueName, valueOf } from '../graph.ts';
import { Conv2d, type Conv2dAttributes } from '../ops/conv2d.ts';
import { affineOf } from './affine.ts';
import { mergeableProducer } from './fuse-activation.ts';
import { rewritePass } from './pass.ts';

const pointwise = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0] } as const;

export const mergeAffine = rewritePass('merge-affine', (node, graph) => {
  const outer = node.op.name === 'Add' || node.op.name === 'Sub' ? affineOf(graph, node) : undefined;
  const producer = outer && mergeableProducer(graph, outer.x);
  const inner = producer?.op.name === 'Mul' ? affineOf(graph, producer) : undefined;
  if (!outer || !inner) return undefined;
  const { shape } = valueOf(graph, inner.x).type;
  const channels = shape.at(-1) as number;
  if ((shape.length !== 3 && shape.length !== 4) || channels < 2) return undefined;
  const constant = (kind: string, extents: readonly number[], data: readonly number[]): Value => {
    const { type, data: numbers } = tensor('float32', extents, data);
    return { name: freshName(graph, `${node.outputs[0] as ValueName}.${kind}`), type, constant: numbers };
  };
  const scale = constant(
    'scale',
    [channels, 1, 1, 1],
    outer.scale.map((factor, c) => factor * (inner.scale[c] as number)),
  );
  const shift = constant('shift', [channels], outer.shift);
  const attributes: Conv2dAttributes = { ...pointwise, groups: channels, clamp: [-Infinity, Infinity] };
  return { nodes: [{ ...node, op: Conv2d, inputs: [inner.x, scale.name, shift.name], attributes }], values: [scale, shift] };
});
