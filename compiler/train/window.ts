/** The words that the kernels of runtime-as/linalg/window.ts take. */
import { type Layer, windowOfLayer } from '../compression/layers.ts';
import { type Graph, valueOf } from '../graph.ts';
import { spatialShape } from '../ops/conv2d.ts';

/** @param channels of the image that the kernel sees */
export function windowWords(graph: Graph, layer: Layer, channels = layer.inputs): number[] {
  const { kernel, stride, dilation, padBefore } = windowOfLayer(layer);
  const [, height, width] = spatialShape(valueOf(graph, layer.input).type.shape);
  const [, rows, columns] = spatialShape(valueOf(graph, layer.output).type.shape);
  return [height, width, channels, ...kernel, ...stride, ...padBefore, ...dilation, rows, columns];
}
