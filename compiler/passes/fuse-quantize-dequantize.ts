/**
 * Quantize → Dequantize pairs of a quantized model → a demand on the float32 value they stand for: the quantizer then uses
 * these parameters and does not calibrate.
 *
 *     q ← Quantize(p) x;  y ← Dequantize(p) q          →   x demands p; y is x
 *     the same, and x demands other parameters         →   y ← Requantize x; y demands p
 *     input q;  y ← Dequantize(p) q                    →   input y; y demands p
 *     q ← Quantize(p) x;  output q                     →   output x; x demands p
 *     t ← Transpose q;  y ← Dequantize(p) t            →   d ← Dequantize(p) q;  y ← Transpose d   (every operator that only moves numbers)
 *
 * Other readers of x read the quantized value too: in an int8 model it exists in no other form. Pairs whose two parameters
 * differ stay, since they scale the value.
 */
import {
  consumersOf,
  freshName,
  type Graph,
  hasOneUse,
  isGraphOutput,
  type Node,
  type Port,
  producerOf,
  type Quantization,
  type Value,
  type ValueName,
  valueOf,
} from '../graph.ts';
import { Dequantize } from '../ops/dequantize.ts';
import { Quantize } from '../ops/quantize.ts';
import { Requantize } from '../ops/requantize.ts';
import { type Pass, type Replacement, rewritePass } from './pass.ts';

function isSame(a: Quantization | undefined, b: Quantization | undefined): boolean {
  return a?.scale[0] === b?.scale[0] && a?.zeroPoint === b?.zeroPoint;
}

function demanding(value: Value, quantization: Quantization): Value {
  return { ...value, type: { ...value.type, quantization } };
}

/** Two Dequantize of one value are one. */
function mergeDequantize(node: Node, graph: Graph): Replacement | undefined {
  const first = consumersOf(graph, node.inputs[0] as ValueName).find((other) => other.op === Dequantize) as Node;
  if (first === node || !isSame(first.attributes.quantization, node.attributes.quantization)) return undefined;
  return { nodes: [], rename: [[node.outputs[0] as ValueName, first.outputs[0] as ValueName]] };
}

/** Operators whose attributes do not speak about the integers, and so do the same to the real numbers. */
function onlyMoves(node: Node): boolean {
  return node.op.quantize.kind === 'same-as-input' && node.op.name !== 'Pad';
}

function moveDequantizeUp(node: Node, graph: Graph): Replacement | undefined {
  const producer = producerOf(graph, node.inputs[0] as ValueName);
  if (!producer || !onlyMoves(producer) || producer.outputs.length !== 1 || !hasOneUse(graph, node.inputs[0] as ValueName))
    return undefined;
  const moved = producer.inputs.filter((name) => valueOf(graph, name).type.dtype === 'int8');
  if (moved.some((name) => valueOf(graph, name).constant)) return undefined;
  const { quantization } = node.attributes;
  const values = moved.map((name, i): Value => {
    const type = { dtype: 'float32', shape: valueOf(graph, name).type.shape, quantization } as const;
    return { name: freshName(graph, `${node.outputs[0]}.input${i}`), type };
  });
  const dequantized = values.map(({ name }, i): Node => ({ ...node, name, inputs: [moved[i] as ValueName], outputs: [name] }));
  const inputs = producer.inputs.map((name) => values[moved.indexOf(name)]?.name ?? name);
  return { nodes: [...dequantized, { ...producer, name: node.name, inputs, outputs: node.outputs }], values };
}

function fusePair(node: Node, graph: Graph): Replacement | undefined {
  const producer = producerOf(graph, node.inputs[0] as ValueName);
  const quantization: Quantization = node.attributes.quantization;
  if (producer?.op !== Quantize || !isSame(producer.attributes.quantization, quantization)) return undefined;
  const x = valueOf(graph, producer.inputs[0] as ValueName);
  if (x.type.quantization && !isSame(x.type.quantization, quantization)) {
    return { nodes: [{ ...node, op: Requantize, inputs: [x.name], attributes: {} }] };
  }
  return { nodes: [], values: [demanding(x, quantization)], rename: [[node.outputs[0] as ValueName, x.name]] };
}

const fusePairs = rewritePass('fuse-quantize-dequantize', (node, graph) => {
  if (node.op !== Dequantize || !node.attributes.quantization) return undefined;
  return mergeDequantize(node, graph) ?? moveDequantizeUp(node, graph) ?? fusePair(node, graph);
});

/** Inputs that the model dequantizes at once become float32 inputs that demand these parameters. */
function fuseInputs(graph: Graph): Graph {
  const removed = new Set<Node>();
  const inputs = graph.inputs.map((port): Port => {
    const consumers = consumersOf(graph, port.value);
    const [consumer] = consumers;
    if (consumers.length !== 1 || consumer?.op !== Dequantize || isGraphOutput(graph, port.value)) return port;
    removed.add(consumer);
    return { ...port, value: consumer.outputs[0] as ValueName };
  });
  if (removed.size === 0) return graph;
  const replaced = new Set(graph.inputs.map((port) => port.value).filter((name) => !inputs.some((port) => port.value === name)));
  const values = new Map([...graph.values].filter(([name]) => !replaced.has(name)));
  return { ...graph, inputs, values, nodes: graph.nodes.filter((node) => !removed.has(node)) };
}

/** Outputs that the model quantizes last become float32 outputs that demand these parameters. */
function fuseOutputs(graph: Graph): Graph {
  const values = new Map(graph.values);
  const nodes = [...graph.nodes];
  const outputs = graph.outputs.map((port): Port => {
    const producer = producerOf(graph, port.value);
    const quantization: Quantization | undefined = producer?.attributes.quantization;
    if (producer?.op !== Quantize || !quantization) return port;
    const x = values.get(producer.inputs[0] as ValueName) as Value;
    if (!x.type.quantization || isSame(x.type.quantization, quantization)) {
      values.set(x.name, demanding(x, quantization));
      return { ...port, value: x.name };
    }
    const output = freshName({ values }, `${port.name}.requantized`);
    values.set(output, { name: output, type: { ...x.type, quantization } });
    nodes.push({ name: output, op: Requantize, inputs: [x.name], outputs: [output], attributes: {} });
    return { ...port, value: output };
  });
  return { ...graph, nodes, values, outputs };
}

export const fuseQuantizeDequantize: Pass = {
  name: 'fuse-quantize-dequantize',
  run: (graph) => fuseOutputs(fuseInputs(fusePairs.run(graph))),
};
