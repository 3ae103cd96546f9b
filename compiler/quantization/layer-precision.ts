/**
 * In which number format each layer computes (methods.md 18.2; post-training.md 2.1, 12), chosen by pattern:
 *
 *     int8      weights and activations                                    needs samples
 *     int16     int16 activations, int8 weights                            needs samples
 *     dynamic   float32 in and out; int8 weights, activations on 256 levels whose range each call finds
 *     float16   float32 in and out; weights stored as half precision
 *     float32
 */
import { layersOf } from '../compression/layers.ts';
import { layersByPattern } from '../compression/select-layers.ts';
import { consumersOf, type Graph, type Node, producerOf, valueOf } from '../graph.ts';
import { LARGEST_HALF } from '../ops/half.ts';
import { touchesFloat } from './islands.ts';

export const layerPrecisions = ['int8', 'int16', 'dynamic', 'float16', 'float32'] as const;
export type LayerPrecision = (typeof layerPrecisions)[number];

export const DEFAULT_PRECISION: LayerPrecision = 'int8';

/**
 * For the whole model, or by pattern (compression/select-layers.ts): of the patterns that fit a layer the last one counts,
 * and what is not a layer stays int8.
 */
export type PrecisionChoice = LayerPrecision | Readonly<Record<string, LayerPrecision>>;

/** Whether nothing of the model is int8 or int16 between layers: it needs no samples. */
export function isFloatPrecision(choice: PrecisionChoice): boolean {
  return choice === 'dynamic' || choice === 'float16' || choice === 'float32';
}

/** Name of the layer → its format, where that is not int8. @throws UsageError when a pattern names no layer. */
export function chosenPrecisions(graph: Graph, choice: PrecisionChoice): Map<string, LayerPrecision> {
  const chosen = layersByPattern(layersOf(graph), typeof choice === 'string' ? { '*': choice } : choice, 'precision');
  return new Map([...chosen].filter(([, precision]) => precision !== DEFAULT_PRECISION));
}

function reasonOf(graph: Graph, node: Node, precision: LayerPrecision): string {
  if (precision === 'int16') return 'int16 activations, as asked';
  if (precision === 'dynamic') return 'int8 weights, activations quantized per call, as asked';
  if (precision === 'float32') return 'kept in float32 as asked';
  const weights = Array.from(valueOf(graph, node.inputs[1] as string).constant ?? []);
  const beyond = weights.filter((weight) => Math.abs(weight) > LARGEST_HALF).length;
  return beyond ? `float16 weights, as asked; ${beyond} of them were clipped to ±${LARGEST_HALF}` : 'float16 weights, as asked';
}

/**
 * The nodes that the int8 quantizer leaves alone, and why: these layers, and what lies between layers with int16 activations,
 * which would lose there what int16 is for.
 */
export function floatNodes(graph: Graph, precisions: ReadonlyMap<string, LayerPrecision>): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const node of graph.nodes) {
    const precision = precisions.get(node.name);
    if (precision) reasons.set(node.name, reasonOf(graph, node, precision));
  }
  if (![...precisions.values()].includes('int16')) return reasons;
  const between = new Set(graph.nodes.filter((node) => !reasons.has(node.name) && touchesFloat(graph, node)));
  const neighbours = (node: Node) => [
    ...node.inputs.map((name) => producerOf(graph, name)).filter((producer) => producer !== undefined),
    ...node.outputs.flatMap((name) => consumersOf(graph, name)),
  ];
  const isFloat = (node: Node) => reasons.has(node.name) || between.has(node) || !touchesFloat(graph, node);
  for (let size = -1; size !== between.size; ) {
    size = between.size;
    for (const node of between) if (node.op.quantize.kind === 'accumulate' || !neighbours(node).every(isFloat)) between.delete(node);
  }
  for (const node of between) reasons.set(node.name, 'between layers with int16 activations');
  return reasons;
}
