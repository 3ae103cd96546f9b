/**
 * Layers that the quantizer left as float32 islands → their own number formats (layer-precision.ts):
 *
 *     float16   Conv2d(x, w float32, b) → Conv2d(x, w float16, b)
 *     dynamic   Conv2d(x, w float32, b) → Conv2d(x, w int8, b)
 *     int16     Conv2d(x, w float32, b) → Dequantize(Conv2d(Quantize(x) int16, w int8, b int32) int16)
 *
 * A layer that reads what another one answers in int16 takes those integers as they are.
 */
import { freshName, type Graph, type Node, type Quantization, type Value, type ValueName, valueOf } from '../graph.ts';
import { INT16_MAX } from '../ops/accumulate.ts';
import { Dequantize } from '../ops/dequantize.ts';
import { halfBits } from '../ops/half.ts';
import { Quantize } from '../ops/quantize.ts';
import { removeDeadCode } from '../passes/pass.ts';
import { verify } from '../verify.ts';
import type { LayerPrecision } from './layer-precision.ts';
import { completeRanges } from './parameters.ts';
import type { Range } from './range.ts';
import { DEFAULT_WEIGHT_BITS } from './weight-bits.ts';
import { quantizeLayer, quantizeWeights } from './weights.ts';

/** More inputs than this per output could leave int32 with 256 levels (runtime-as/kernels/conv2d-wide.ts). */
const LARGEST_PATCH = 65536;

export interface PrecisionParts {
  /** The original: the ranges are of its values. */
  readonly float: Graph;
  /** Where the layers are float32 islands. */
  readonly graph: Graph;
  readonly precisions: ReadonlyMap<string, LayerPrecision>;
  /** By value name, from calibration; needed for int16. */
  readonly ranges?: ReadonlyMap<ValueName, Range>;
}

/** @returns the graph, and why layers stayed float32 that should not have. */
export function applyPrecision({ float, graph, precisions, ranges = new Map() }: PrecisionParts): {
  readonly graph: Graph;
  readonly refused: ReadonlyMap<string, string>;
} {
  if ([...precisions.values()].every((precision) => precision === 'float32')) return { graph, refused: new Map() };
  const rewriter = new Rewriter(float, graph, completeRanges(float, ranges));
  for (const node of graph.nodes) rewriter.add(node, precisions.get(node.name));
  return { graph: verify(removeDeadCode(rewriter.build()), 'precision'), refused: rewriter.refused };
}

/** Symmetric: zero is 0. */
function symmetricQuantization({ min, max }: Range): Quantization {
  return { scale: [Math.fround(Math.max(Math.abs(min), Math.abs(max)) / INT16_MAX) || 1], zeroPoint: 0 };
}

class Rewriter {
  readonly refused = new Map<string, string>();
  private readonly values: Map<ValueName, Value>;
  private readonly nodes: Node[] = [];
  /** Value → its int16 form. */
  private readonly integers = new Map<ValueName, ValueName>();

  constructor(
    private readonly float: Graph,
    private readonly source: Graph,
    private readonly ranges: ReadonlyMap<ValueName, Range>,
  ) {
    this.values = new Map(source.values);
  }

  build(): Graph {
    return { ...this.source, nodes: this.nodes, values: this.values };
  }

  add(node: Node, precision: LayerPrecision | undefined): void {
    const written = precision && this.write(node, precision);
    if (typeof written === 'string') this.refused.set(node.name, written);
    if (written !== true) this.nodes.push(node);
  }

  /** @returns why the layer stays as it is; true where it was written, false where there is nothing to do */
  private write(node: Node, precision: LayerPrecision): boolean | string {
    const [weights, bias] = node.inputs.slice(1, 3).map((name) => valueOf(this.source, name)) as [Value, Value];
    if (!(weights.constant instanceof Float32Array) || !(bias.constant instanceof Float32Array))
      return 'its weights are not constant float32';
    if (precision === 'int16') return this.writeInt16(node);
    if (precision === 'float16') {
      const constant = Uint16Array.from(weights.constant, halfBits);
      return this.replaceWeights(node, { ...weights, type: { dtype: 'float16', shape: weights.type.shape }, constant });
    }
    if (precision !== 'dynamic') return false;
    const patch = weights.constant.length / (weights.type.shape[0] as number);
    if (patch > LARGEST_PATCH) return `${patch} inputs per output could leave int32: at most ${LARGEST_PATCH}`;
    const { quantization, data } = quantizeWeights(weights, [], 0, 1, DEFAULT_WEIGHT_BITS);
    return this.replaceWeights(node, { ...weights, type: { dtype: 'int8', shape: weights.type.shape, quantization }, constant: data });
  }

  private replaceWeights(node: Node, weights: Value): true {
    const [x, , ...rest] = node.inputs as [ValueName, ValueName];
    this.nodes.push({ ...node, inputs: [x, this.define(`${weights.name}.${weights.type.dtype}`, weights), ...rest] });
    return true;
  }

  private writeInt16(node: Node): true | string {
    const [x, y] = [node.inputs[0], node.outputs[0]] as [ValueName, ValueName];
    const original = this.float.nodes.find(({ name }) => name === node.name) as Node;
    const rangeOf = (name: ValueName) => {
      const range = this.ranges.get(name);
      return range && symmetricQuantization(range);
    };
    const known = this.integers.get(x);
    const input = known === undefined ? rangeOf(original.inputs[0] as ValueName) : valueOf(this.build(), known).type.quantization;
    const output = rangeOf(y);
    if (!input || !output) return `"${input ? y : x}" has no range: it was not observed, or was not finite, on the calibration samples`;
    const layer = quantizeLayer(this.source, node, input, output, undefined, INT16_MAX);
    if ('reason' in layer) return layer.reason;
    const integers = known ?? this.quantize(x, input);
    const { shape } = valueOf(this.source, y).type;
    const result = this.define(`${y}.int16`, { name: y, type: { dtype: 'int16', shape, quantization: output } });
    const constants = [layer.weights, layer.bias].map((value) => this.define(`${value.name}.${value.type.dtype}`, value));
    this.nodes.push({ ...node, inputs: [integers, ...constants, ...node.inputs.slice(3)], outputs: [result] });
    this.nodes.push({ name: `${y}.Dequantize`, op: Dequantize, inputs: [result], outputs: [y], attributes: { quantization: output } });
    this.integers.set(y, result);
    return true;
  }

  private quantize(x: ValueName, quantization: Quantization): ValueName {
    const { shape } = valueOf(this.source, x).type;
    const name = this.define(`${x}.int16`, { name: x, type: { dtype: 'int16', shape, quantization } });
    const attributes = { quantization, dtype: 'int16' as const };
    this.nodes.push({ name: `${name}.Quantize`, op: Quantize, inputs: [x], outputs: [name], attributes });
    this.integers.set(x, name);
    return name;
  }

  private define(base: string, value: Value): ValueName {
    const name = freshName({ values: this.values }, base);
    this.values.set(name, { ...value, name });
    return name;
  }
}
