/**
 * A Pad of zeros in front of a convolution or pool → padding of its window.
 *
 *     a ← Pad(before [0, 1, 1, 0], after [0, 1, 1, 0]) x;  y ← Conv2d(padBefore [0, 0]) a      →      y ← Conv2d(padBefore [1, 1]) x
 *
 * Conditions: only height and width are padded, and nothing else reads a. A convolution pads zeros itself. A max pool
 * ignores its padding: the Pad must write -Infinity (or the lowest float32, as PyTorch exports it), or zeros where x is
 * never negative; and no window may lie in the padding alone. An average pool must count its padding.
 */
import { type Graph, type Node, producerOf, type ValueName, valueOf } from '../graph.ts';
import type { PadAttributes } from '../ops/pad.ts';
import type { Window } from '../ops/window.ts';
import { mergeableProducer } from './fuse-activation.ts';
import { rewritePass } from './pass.ts';

const LOWEST_FLOAT32 = -3.4028234663852886e38;

type Pair = readonly [number, number];

/** Padding of height and width; undefined when other axes are padded too. Rank 3 has no height. */
function spatialPads(pads: readonly number[]): Pair | undefined {
  const spatial = pads.slice(1, -1);
  if (pads[0] !== 0 || pads.at(-1) !== 0) return undefined;
  return spatial.length === 1 ? [0, spatial[0] as number] : [spatial[0] as number, spatial[1] as number];
}

const sum = (a: Pair, b: Pair): Pair => [a[0] + b[0], a[1] + b[1]];

/** Whether the operator would pad by itself what the Pad writes. */
function isOwnPadding(graph: Graph, node: Node, x: ValueName, value: number, padded: Window): boolean {
  switch (node.op.name) {
    case 'Conv2d':
      return value === 0;
    case 'MaxPool': {
      const lowest = producerOf(graph, x)?.attributes?.clamp?.[0] ?? -Infinity;
      const inside = [0, 1].every(
        (axis) => Math.max(padded.padBefore[axis] as number, padded.padAfter[axis] as number) < (padded.kernel[axis] as number),
      );
      return inside && (value <= LOWEST_FLOAT32 || (value === 0 && lowest >= 0));
    }
    case 'AveragePool': {
      const window: Window = node.attributes;
      const countsOwn = node.attributes.countIncludePad || [...window.padBefore, ...window.padAfter].every((pad) => pad === 0);
      return value === 0 && countsOwn && coversExactly(graph, node);
    }
    default:
      return false;
  }
}

/** Whether no window reaches beyond the padded input, where an average counts nothing. */
function coversExactly(graph: Graph, node: Node): boolean {
  const window: Window = node.attributes;
  const from = valueOf(graph, node.inputs[0] as ValueName).type.shape.slice(1, -1);
  const to = valueOf(graph, node.outputs[0] as ValueName).type.shape.slice(1, -1);
  return from.every((extent, i) => {
    const axis = from.length === 1 ? 1 : i;
    const covered =
      ((to[i] as number) - 1) * (window.stride[axis] as number) +
      (window.dilation[axis] as number) * ((window.kernel[axis] as number) - 1) +
      1;
    return covered <= extent + (window.padBefore[axis] as number) + (window.padAfter[axis] as number);
  });
}

export const foldPadIntoWindow = rewritePass('fold-pad-into-window', (node, graph) => {
  const window: Window | undefined = node.attributes?.padBefore && node.attributes;
  const pad = window && mergeableProducer(graph, node.inputs[0] as ValueName);
  if (!window || pad?.op.name !== 'Pad' || (pad.attributes as PadAttributes).mode !== 'constant') return undefined;
  const { before, after, value } = pad.attributes as PadAttributes;
  const [padBefore, padAfter] = [spatialPads(before), spatialPads(after)];
  if (!padBefore || !padAfter) return undefined;
  const padded = { ...window, padBefore: sum(window.padBefore, padBefore), padAfter: sum(window.padAfter, padAfter) };
  const [x] = pad.inputs as [ValueName];
  if (!isOwnPadding(graph, node, x, value, padded)) return undefined;
  const attributes = { ...padded, ...(node.op.name === 'AveragePool' && { countIncludePad: true }) };
  const inputs = [x, ...node.inputs.slice(1)];
  // A pool that rounds up leaves out windows that begin in its own padding.
  const [type] = node.op.infer(
    inputs.map((name) => valueOf(graph, name).type),
    attributes,
  );
  const { shape } = valueOf(graph, node.outputs[0] as ValueName).type;
  return type?.shape.every((extent, i) => extent === shape[i]) ? { nodes: [{ ...node, inputs, attributes }] } : undefined;
});
