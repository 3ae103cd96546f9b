/** What ONNX Upsample (opset 7, 9) and Resize (10 to 19) ask for: sizes, scales and modes, in every form that an opset gives them. */
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { knownInput } from './known.ts';
import { type CoordinateMode, coordinateModes, type NearestMode, nearestModes, type Sampling } from './resize-coordinates.ts';
import { normalizeAxis } from './strides.ts';

/** Extent and scale of every axis of the output. */
interface Target {
  readonly sizes: readonly number[];
  readonly scales: readonly number[];
}

/** Values given for `axes` (default: all) spread over every axis. */
function overAxes(given: readonly number[], axes: readonly number[], rest: readonly number[]): number[] {
  return rest.map((value, i) => (axes.includes(i) ? (given[axes.indexOf(i)] as number) : value));
}

function targetOfScales(shape: readonly number[], scales: readonly number[]): Target {
  return { sizes: shape.map((extent, i) => Math.floor(Math.fround(extent * (scales[i] as number)))), scales };
}

/** keep_aspect_ratio_policy (opset 18): one scale for all resized axes. */
function targetOfSizes(shape: readonly number[], sizes: readonly number[], axes: readonly number[], policy: string): Target {
  if (policy === 'stretch') return { sizes, scales: sizes.map((size, i) => size / (shape[i] as number)) };
  const ratios = axes.map((axis) => (sizes[axis] as number) / (shape[axis] as number));
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return {
    sizes: shape.map((extent, i) => (axes.includes(i) ? Math.floor(scale * extent + 0.5) : extent)),
    scales: shape.map((_, i) => (axes.includes(i) ? scale : 1)),
  };
}

/** An empty tensor stands for an input that is left out. */
function optionalNumbers(node: OnnxNode, graph: GraphBuilder, index: number, what: string): number[] | undefined {
  const numbers = knownInput(node, graph, index, what);
  return numbers?.length ? numbers : undefined;
}

function targetOf(node: OnnxNode, graph: GraphBuilder, shape: readonly number[]): Target {
  const first = node.opset < 11 ? 1 : 2;
  const scales = node.floats('scales') ?? optionalNumbers(node, graph, first, 'the scales');
  const axes = (node.ints('axes') ?? shape.map((_, i) => i)).map((axis) => normalizeAxis(axis, shape.length));
  const ones = shape.map(() => 1);
  if (scales) return targetOfScales(shape, overAxes(scales, axes, ones));
  const sizes = optionalNumbers(node, graph, 3, 'the sizes');
  if (!sizes) throw node.unsupported('neither scales nor sizes are given', 'the model is not valid ONNX, export it again');
  return targetOfSizes(shape, overAxes(sizes, axes, shape), axes, node.string('keep_aspect_ratio_policy', 'stretch'));
}

function samplingModes(node: OnnxNode): { mode: 'nearest' | 'linear'; coordinates: CoordinateMode; nearest: NearestMode } {
  const mode = node.string('mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'bilinear') {
    throw node.unsupported(`mode ${mode}`, "export with mode nearest or linear (torch: interpolate(mode='bilinear'))");
  }
  if (node.int('antialias', 0) === 1) throw node.unsupported('antialias is set', 'export with antialias=False');
  // Before opset 11 there was one way only.
  const coordinates = node.opset < 11 ? 'asymmetric' : node.string('coordinate_transformation_mode', 'half_pixel');
  const nearest = node.opset < 11 ? 'simple' : node.string('nearest_mode', 'round_prefer_floor');
  if (!isOneOf(coordinates, coordinateModes)) {
    throw node.unsupported(`coordinate_transformation_mode ${coordinates}`, 'crop with Slice and resize with half_pixel instead');
  }
  if (!isOneOf(nearest, nearestModes)) throw node.unsupported(`nearest_mode ${nearest}`, 'the model is not valid ONNX, export it again');
  return { mode: mode === 'nearest' ? 'nearest' : 'linear', coordinates, nearest };
}

function isOneOf<T extends string>(value: string, list: readonly T[]): value is T {
  return (list as readonly string[]).includes(value);
}

/** Mode and sampling of height and width (height 1 where there is none); undefined when the node changes nothing. */
export function resizeTargetOf(
  node: OnnxNode,
  graph: GraphBuilder,
): { mode: 'nearest' | 'linear'; sampling: readonly [Sampling, Sampling] } | undefined {
  const shape = graph.shape(node.required(0));
  const { sizes, scales } = targetOf(node, graph, shape);
  const resized = shape.flatMap((extent, i) => (sizes[i] === extent && scales[i] === 1 ? [] : [i]));
  if (resized.length === 0) return undefined;
  if ((shape.length !== 3 && shape.length !== 4) || resized.some((axis) => axis < 2)) {
    throw node.unsupported(
      `[${shape}] is resized to [${sizes}]`,
      'only height and width of [N, C, H, W], or the length of [N, C, W], can be resized: transpose or reshape before',
    );
  }
  const { mode, coordinates, nearest } = samplingModes(node);
  const sampling = (axis: number): Sampling => ({
    from: shape[axis] as number,
    to: sizes[axis] as number,
    scale: scales[axis] as number,
    coordinates,
    nearest,
  });
  const height: Sampling = shape.length === 4 ? sampling(2) : { from: 1, to: 1, scale: 1, coordinates, nearest };
  return { mode, sampling: [height, sampling(shape.length - 1)] };
}
