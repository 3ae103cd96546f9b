/** The float graph as the bench's tfjs runtime reads it: layers and the places of their weights in one file of float32. */
import { elementCount, type Graph, type TypedArray, type ValueName, valueOf } from '../../../compiler/graph.ts';
import { type Layer, layersOf } from './layers.ts';

export interface TfjsModel {
  readonly input: ValueName;
  readonly output: ValueName;
  readonly layers: readonly Layer[];
  /** Constants in tfjs's order: convolutions [KH, KW, C, O], depthwise [KH, KW, C, 1], dense [K, N]. `offset` counts elements. */
  readonly weights: Readonly<Record<ValueName, { shape: readonly number[]; offset: number }>>;
}

/** Rows [O, rest] as columns [rest, O]. */
function transposed(data: TypedArray, rows: number): Float32Array {
  const columns = data.length / rows;
  return Float32Array.from({ length: data.length }, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number);
}

function weightShape(kind: Layer['kind'], [o, ...rest]: readonly number[]): readonly number[] {
  return kind === 'depthwise' ? [rest[0] as number, rest[1] as number, o as number, 1] : [...rest, o as number];
}

export function tfjsModel(graph: Graph): { model: TfjsModel; weights: Uint8Array } {
  const layers = layersOf(graph);
  const places: Record<ValueName, { shape: readonly number[]; offset: number }> = {};
  const arrays: TypedArray[] = [];
  let offset = 0;
  const put = (name: ValueName, shape: readonly number[], data: TypedArray) => {
    places[name] = { shape, offset };
    arrays.push(data);
    offset += elementCount(shape);
  };
  for (const layer of layers) {
    layer.inputs.forEach((name, i) => {
      const { type, constant } = valueOf(graph, name);
      if (!constant) return;
      if (i === 1) put(name, weightShape(layer.kind, type.shape), transposed(constant, type.shape[0] as number));
      else put(name, type.shape, constant);
    });
  }
  const weights = new Float32Array(offset);
  Object.values(places).forEach((place, i) => {
    weights.set(arrays[i] as TypedArray, place.offset);
  });
  const model = { input: graph.inputs[0]?.value as ValueName, output: graph.outputs[0]?.value as ValueName, layers, weights: places };
  return { model, weights: new Uint8Array(weights.buffer) };
}
