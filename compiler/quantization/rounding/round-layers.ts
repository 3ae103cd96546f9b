/**
 * Rounds the weights of an int8 graph layer after layer (post-training.md 2.1, rows 6 and 13; methods.md 19): each layer is
 * to answer as the float graph does, on the int8 inputs that the rounded layers before it give, so that it takes back their
 * errors, too. Weights that are zero stay zero.
 */
import { groupObjectives } from '../../compression/group-objectives.ts';
import { type Layer, layerNamed } from '../../compression/layers.ts';
import { fittedBias } from '../../compression/refit.ts';
import { gatherStatistics, LARGEST_COLUMNS, type LayerStatistics } from '../../compression/statistics.ts';
import type { SampleSet } from '../../compression/values.ts';
import { gridWeights, type WeightGrid, withGrid } from '../../compression/weight-grid.ts';
import { type Graph, type Node, type Quantization, type Value, type ValueName, valueOf } from '../../graph.ts';
import { areQuadsFitted, DEFAULT_WEIGHT_BITS, largestWeight, QUAD_WEIGHT_BITS, type WeightBits } from '../weight-bits.ts';
import { quantizeLayer } from '../weights.ts';
import { cutWindow, hasWindows } from '../window-fit.ts';
import { withChosenScales } from './choose-scales.ts';
import { fitRounded } from './coordinate-descent.ts';
import { type RoundingName, roundings } from './index.ts';
import type { Rounding, RoundingProblem } from './problem.ts';

export interface RoundLayersOptions {
  /** The network before quantization: its answers are the targets. */
  readonly float: Graph;
  /** What the quantizer made of it. */
  readonly quantized: Graph;
  /** Of the inputs of `float`. */
  readonly samples: SampleSet;
  /** By node name; default: 8. */
  readonly weightBits?: ReadonlyMap<string, WeightBits>;
  readonly seed?: number;
  readonly onLayer?: (name: string) => void;
}

export interface WeightRounding {
  readonly name: RoundingName;
  /** The int8 graph with other integers in its layers. */
  apply(options: RoundLayersOptions): Promise<Graph>;
}

/** @returns undefined: what the quantizer does anyway */
export function weightRounding(name: RoundingName): WeightRounding | undefined {
  return name === 'nearest' ? undefined : { name, apply: (options) => roundLayers(options, roundings[name]) };
}

async function roundLayers(
  { float, quantized, samples, weightBits, seed = 0, onLayer }: RoundLayersOptions,
  round: Rounding,
): Promise<Graph> {
  let graph = quantized;
  for (const node of quantized.nodes) {
    const layer = layerNamed(float, node.name);
    if (!layer || !isRounded(float, graph, layer)) continue;
    onLayer?.(layer.name);
    const asSeen = { ...layer, input: node.inputs[0] as ValueName };
    const statistics = (await gatherStatistics(float, graph, [asSeen], samples, { seed })).get(layer.name) as LayerStatistics;
    const scales = valueOf(graph, node.inputs[1] as ValueName).type.quantization?.scale as readonly number[];
    const bits = weightBits?.get(layer.name) ?? DEFAULT_WEIGHT_BITS;
    graph = withRounded(float, graph, node, layer, roundLayer(layer, statistics, scales, bits, round));
  }
  return graph;
}

/** An int8 layer whose weights no method has put on a grid of its own (compression/weight-grid.ts). */
function isRounded(float: Graph, graph: Graph, { node, output, columns }: Layer): boolean {
  const hasGrid = valueOf(float, node.inputs[1] as ValueName).type.quantization !== undefined;
  return !hasGrid && columns <= LARGEST_COLUMNS && valueOf(graph, output).type.dtype === 'int8';
}

interface RoundedLayer {
  readonly grid: WeightGrid;
  readonly bias: Float32Array;
}

function roundLayer(layer: Layer, statistics: LayerStatistics, scales: readonly number[], bits: WeightBits, round: Rounding): RoundedLayer {
  const grid = { integers: new Int8Array(layer.weights.length), scales: new Float64Array(layer.outputs) };
  for (const { firstRow, hessian, optimum, isFree } of groupObjectives(layer, statistics)) {
    const problem = {
      target: optimum,
      hessian,
      scales: scales.slice(firstRow, firstRow + optimum.rows),
      largest: largestWeight(bits),
      isFree,
    };
    // With 7.5 bits the quantizer has chosen the scales (quad-fit.ts).
    const chosen = bits < QUAD_WEIGHT_BITS ? withChosenScales(problem) : problem;
    const rounded = round(chosen);
    grid.integers.set(areQuadsFitted(bits) ? fitRows(layer, rounded, chosen) : rounded, firstRow * layer.columns);
    grid.scales.set(chosen.scales, firstRow);
  }
  return { grid, bias: fittedBias(layer, statistics, gridWeights(grid)) };
}

/** The rounding, made to fit relaxed dot products. */
function fitRows(layer: Layer, rounded: Int8Array, problem: RoundingProblem): Int8Array {
  if (!hasWindows(layer)) return fitRounded(rounded, { ...problem, quadsFit: true });
  // A depthwise layer's objectives have one row each.
  cutWindow(problem.target.data, problem.scales[0] as number, rounded);
  return rounded;
}

/** The int8 graph with the rounded layer; as it was where its accumulator would not fit. */
function withRounded(float: Graph, graph: Graph, node: Node, layer: Layer, { grid, bias }: RoundedLayer): Graph {
  const rounded = withGrid(float, layer, grid, bias);
  const input = valueOf(graph, node.inputs[0] as ValueName).type.quantization as Quantization;
  const output = valueOf(graph, node.outputs[0] as ValueName).type.quantization as Quantization;
  const quantized = quantizeLayer(rounded, rounded.nodes.find(({ name }) => name === layer.name) as Node, input, output);
  if ('reason' in quantized) return graph;
  const values = new Map(graph.values);
  const replace = (index: number, value: Value) =>
    values.set(node.inputs[index] as ValueName, { ...value, name: node.inputs[index] as ValueName });
  replace(1, quantized.weights);
  replace(2, quantized.bias);
  return { ...graph, values };
}
