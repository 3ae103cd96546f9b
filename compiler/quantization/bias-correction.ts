/**
 * Empirical bias correction: rounding and clipping shift the mean of each output channel; the bias takes the shift back
 * (Nagel et al., "Data-Free Quantization", 2019, sec. 4.2, on samples; NNCF's fast bias correction). Layers are corrected
 * in order, each on the int8 inputs that the corrected layers before it give, and every layer runs once or twice per
 * sample, because the int8 values of all samples advance through the graph together.
 */
import { Executor } from '../execute.ts';
import { type Graph, type Node, type TypedArray, type Value, type ValueName, valueOf } from '../graph.ts';
import { inputsOf, realNumbers } from './accuracy.ts';
import type { Sample } from './calibrate.ts';

/** A correction beyond this many accumulator steps would not be rounding any more: such a channel is left alone. */
const LARGEST_CORRECTION = 2 ** 28;

/** A sample's values that are still needed. */
type Values = Map<ValueName, TypedArray>;

/** Layers with int8 weights: those whose activations are int16, or quantized per call, too. */
function isIntegerLayer(graph: Graph, node: Node): boolean {
  return node.op.quantize.kind === 'accumulate' && valueOf(graph, node.inputs[1] as ValueName).type.dtype === 'int8';
}

/** What the float graph calls the layer's output. */
function originalOutput(float: Graph, { name, outputs }: Node): ValueName {
  return (float.nodes.find((node) => node.name === name)?.outputs ?? outputs)[0] as ValueName;
}

/** Adds `weight` · the sums over positions of four channels, which stay in registers meanwhile. */
function addFourSums(sums: Float64Array, channel: number, data: ArrayLike<number>, weight: number): void {
  let a = sums[channel] as number;
  let b = sums[channel + 1] as number;
  let c = sums[channel + 2] as number;
  let d = sums[channel + 3] as number;
  for (let i = channel; i < data.length; i += sums.length) {
    a += weight * (data[i] as number);
    b += weight * (data[i + 1] as number);
    c += weight * (data[i + 2] as number);
    d += weight * (data[i + 3] as number);
  }
  sums[channel] = a;
  sums[channel + 1] = b;
  sums[channel + 2] = c;
  sums[channel + 3] = d;
}

/** Adds `weight` · the sum over positions of each channel of the last axis. */
function addChannelSums(sums: Float64Array, data: ArrayLike<number>, weight: number): void {
  const inFours = sums.length & ~3;
  for (let channel = 0; channel < inFours; channel += 4) addFourSums(sums, channel, data, weight);
  for (let channel = inFours; channel < sums.length; channel++)
    for (let i = channel; i < data.length; i += sums.length) sums[channel] = (sums[channel] as number) + weight * (data[i] as number);
}

function channelsOf(graph: Graph, node: Node): number {
  return valueOf(graph, node.outputs[0] as ValueName).type.shape.at(-1) as number;
}

/** Mean of each channel of every layer's output in the float graph. */
async function floatMeans(
  float: Graph,
  layers: ReadonlyMap<ValueName, number>,
  samples: readonly Sample[],
): Promise<Map<ValueName, Float64Array>> {
  const means = new Map([...layers].map(([name, channels]) => [name, new Float64Array(channels)]));
  const executor = await Executor.create(float);
  for (const sample of samples) {
    executor.run(sample, (name, data) => {
      const sums = means.get(name);
      if (sums) addChannelSums(sums, data, sums.length / data.length / samples.length);
    });
  }
  return means;
}

/** The graph of one node, its activations as inputs. */
function graphOfNode(graph: Graph, node: Node): Graph {
  const activations = [...new Set(node.inputs.filter((name) => !valueOf(graph, name).constant))];
  const values = new Map([...node.inputs, ...node.outputs].map((name) => [name, valueOf(graph, name)]));
  const ports = (names: readonly ValueName[]) => names.map((name) => ({ name, value: name }));
  return { name: node.name, inputs: ports(activations), outputs: ports(node.outputs), nodes: [node], values };
}

/** Runs the node on every sample. @returns its outputs, by sample. */
async function runNode(graph: Graph, node: Node, samples: readonly Values[]): Promise<Values[]> {
  const single = graphOfNode(graph, node);
  const executor = await Executor.create(single);
  return samples.map((values) => {
    const outputs = executor.run(single.inputs.map((port) => values.get(port.value) as TypedArray));
    return new Map(outputs.map(({ data }, i) => [node.outputs[i] as ValueName, data]));
  });
}

/** The layer's bias after the shift of its outputs from `expected` has been taken back. */
function correctedBias(graph: Graph, node: Node, outputs: readonly Values[], expected: Float64Array): Value {
  const [x, weights, bias] = node.inputs.slice(0, 3).map((name) => valueOf(graph, name)) as [Value, Value, Value];
  const name = node.outputs[0] as ValueName;
  const { quantization } = valueOf(graph, name).type;
  const means = new Float64Array(expected.length);
  for (const values of outputs) {
    const data = realNumbers(values.get(name) as TypedArray, quantization);
    addChannelSums(means, data, means.length / data.length / outputs.length);
  }
  const shifts = expected.map((mean, channel) => mean - (means[channel] as number));
  if (bias.constant instanceof Float32Array)
    return { ...bias, constant: bias.constant.map((b, channel) => b + (shifts[channel] as number)) };
  const inputScale = x.type.quantization?.scale[0] as number;
  const scales = weights.type.quantization?.scale as readonly number[];
  const corrected = Int32Array.from(bias.constant as Int32Array, (b, channel) => {
    const steps = Math.round((shifts[channel] as number) / (inputScale * ((scales.length === 1 ? scales[0] : scales[channel]) as number)));
    return Math.abs(steps) < LARGEST_CORRECTION ? b + steps : b;
  });
  return { ...bias, constant: corrected };
}

/** Forgets the values that no node from `next` on reads. */
function forget(graph: Graph, next: number, samples: readonly Values[]): void {
  const needed = new Set(graph.nodes.slice(next).flatMap((node) => node.inputs));
  for (const values of samples) for (const name of values.keys()) if (!needed.has(name)) values.delete(name);
}

/**
 * @param float the graph that `quantized` was made from; layers are matched by their names
 * @param samples a few dozen; their int8 values are held in memory
 */
export async function correctBiases(float: Graph, quantized: Graph, samples: readonly Sample[]): Promise<Graph> {
  const layers = new Map(
    quantized.nodes
      .filter((node) => isIntegerLayer(quantized, node))
      .map((node) => [originalOutput(float, node), channelsOf(quantized, node)]),
  );
  if (samples.length === 0 || layers.size === 0) return quantized;
  const expected = await floatMeans(float, layers, samples);
  const corrected: Graph = { ...quantized, values: new Map(quantized.values) };
  const values = samples.map((sample): Values => {
    const inputs = inputsOf(quantized, sample).map((data) => (ArrayBuffer.isView(data) ? data : Float32Array.from(data)) as TypedArray);
    return new Map(quantized.inputs.map((port, i) => [port.value, inputs[i] as TypedArray]));
  });
  for (const [i, node] of quantized.nodes.entries()) {
    let outputs = await runNode(corrected, node, values);
    const means = isIntegerLayer(quantized, node) && expected.get(originalOutput(float, node));
    if (means) {
      const bias = correctedBias(corrected, node, outputs, means);
      (corrected.values as Map<ValueName, Value>).set(bias.name, bias);
      outputs = await runNode(corrected, node, values);
    }
    outputs.forEach((computed, sample) => {
      for (const [name, data] of computed) values[sample]?.set(name, data);
    });
    forget(quantized, i + 1, values);
  }
  return corrected;
}
