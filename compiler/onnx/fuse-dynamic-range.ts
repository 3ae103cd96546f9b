/**
 * Layers whose activations are quantized per call, as exporters spell them out (onnxruntime.quantization.quantize_dynamic):
 *
 *     q, s, z ← DynamicQuantizeLinear x
 *     y ← Cast(MatMulInteger(q, w, z, z_w)) · (s · s_w)  [+ b]      →      y ← DynamicQuantizeMatMul(x, w, s_w, z_w, b)
 *     the same with ConvInteger                                     →      y ← DynamicQuantizeConv(x, w, s_w, z_w, b)
 *
 * The first is the name and the order of inputs of ONNX Runtime's own fused operator. It is done on the ONNX nodes because
 * there the layers are still in one piece: no layouts, nothing folded.
 */
import type { onnx as Onnx } from 'onnx-proto';

const FLOAT = 1;

const fusedNames: Readonly<Record<string, string>> = { MatMulInteger: 'DynamicQuantizeMatMul', ConvInteger: 'DynamicQuantizeConv' };

type NodeProto = Onnx.INodeProto;

class NodeIndex {
  private readonly producers = new Map<string, NodeProto>();
  private readonly readers = new Map<string, NodeProto[]>();
  private readonly shapes = new Map<string, readonly number[]>();
  private readonly outputs: ReadonlySet<string>;

  constructor(graph: Onnx.IGraphProto, nodes: readonly NodeProto[]) {
    this.outputs = new Set((graph.output ?? []).map(({ name }) => name ?? ''));
    for (const { name, dims } of graph.initializer ?? []) this.shapes.set(name ?? '', (dims ?? []).map(Number));
    for (const node of nodes) {
      for (const name of node.output ?? []) if (name) this.producers.set(name, node);
      for (const name of node.input ?? []) this.readers.set(name, [...(this.readers.get(name) ?? []), node]);
    }
  }

  /** The node of one of these types that computes this value. */
  producer(name: string | undefined, ...types: readonly string[]): NodeProto | undefined {
    const node = this.producers.get(name ?? '');
    return node && types.includes(node.opType ?? '') && !node.domain ? node : undefined;
  }

  /** The one node that reads this value, which is no output of the model. */
  onlyReader(name: string): NodeProto | undefined {
    const readers = this.readers.get(name) ?? [];
    return readers.length === 1 && !this.outputs.has(name) ? readers[0] : undefined;
  }

  isRead({ output }: NodeProto, removed: ReadonlySet<NodeProto>): boolean {
    return (output ?? []).some((name) => this.outputs.has(name) || (this.readers.get(name) ?? []).some((reader) => !removed.has(reader)));
  }

  shape(name: string | undefined): readonly number[] | undefined {
    return this.shapes.get(name ?? '');
  }
}

/** The other one of two inputs. */
function other({ input }: NodeProto, name: string): string | undefined {
  return input?.length === 2 ? input.find((candidate) => candidate !== name) : undefined;
}

/** Whether an initializer of this shape adds one number to each output channel of a layer with these weights. */
function isChannelBias(bias: readonly number[], weights: readonly number[], isConvolution: boolean): boolean {
  const channels = isConvolution ? weights[0] : weights.at(-1);
  const at = isConvolution ? bias.length - (weights.length - 1) : bias.length - 1;
  return bias.length <= weights.length && bias.every((extent, axis) => extent === (axis === at ? channels : 1)) && at >= 0;
}

interface Match {
  readonly replacement: NodeProto;
  /** Computes what the replacement does; it stands in its place. */
  readonly last: NodeProto;
  /** Nobody else reads these. */
  readonly inner: readonly NodeProto[];
}

/** @param product the Mul with both scales */
function matchLayer(product: NodeProto, index: NodeIndex): Match | undefined {
  for (const name of product.input ?? []) {
    const cast = index.producer(name, 'Cast');
    const integer = index.producer(cast?.input?.[0], 'MatMulInteger', 'ConvInteger');
    const scales = index.producer(other(product, name), 'Mul');
    const source = index.producer(integer?.input?.[0], 'DynamicQuantizeLinear');
    if (!cast || !integer || !scales || !source || cast.attribute?.find((one) => one.name === 'to')?.i?.toString() !== `${FLOAT}`) continue;
    const [, scale, zeroPoint] = source.output ?? [];
    const isOwn = integer.input?.[2] === zeroPoint && scales.input?.includes(scale as string);
    if (!isOwn || index.onlyReader(cast.output?.[0] as string) !== product || index.onlyReader(integer.output?.[0] as string) !== cast)
      continue;
    const weights = integer.input?.[1] as string;
    const add = index.onlyReader(product.output?.[0] as string);
    const bias = add?.opType === 'Add' && !add.domain ? other(add, product.output?.[0] as string) : undefined;
    const [biasShape, weightShape] = [index.shape(bias), index.shape(weights)];
    const hasBias = biasShape && weightShape && isChannelBias(biasShape, weightShape, integer.opType === 'ConvInteger');
    const last = hasBias ? (add as NodeProto) : product;
    const input = [
      source.input?.[0] ?? '',
      weights,
      other(scales, scale as string) ?? '',
      integer.input?.[3] ?? '',
      hasBias ? (bias as string) : '',
    ];
    const replacement = { ...integer, opType: fusedNames[integer.opType ?? ''] as string, input, output: last.output ?? [] };
    return { replacement, last, inner: [integer, cast, product, last] };
  }
  return undefined;
}

/** The nodes of the graph with these layers in one node each. */
export function fuseDynamicRange(graph: Onnx.IGraphProto): NodeProto[] {
  const nodes = graph.node ?? [];
  if (!nodes.some(({ opType }) => opType === 'DynamicQuantizeLinear')) return nodes;
  const index = new NodeIndex(graph, nodes);
  const replacements = new Map<NodeProto, NodeProto>();
  const removed = new Set<NodeProto>();
  for (const node of nodes) {
    const match = node.opType === 'Mul' ? matchLayer(node, index) : undefined;
    if (!match) continue;
    replacements.set(match.last, match.replacement);
    for (const inner of match.inner) removed.add(inner);
  }
  // Products of scales first, then the quantization that they read.
  for (const type of ['Mul', 'DynamicQuantizeLinear'])
    for (const node of nodes) if (node.opType === type && !removed.has(node) && !index.isRead(node, removed)) removed.add(node);
  return nodes.flatMap((node) => replacements.get(node) ?? (removed.has(node) ? [] : [node]));
}
