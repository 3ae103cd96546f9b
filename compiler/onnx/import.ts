/** ONNX ModelProto → Graph. Every problem of the model is gathered before it is refused. */
import type { onnx as Onnx } from 'onnx-proto';
import { type Problem, UnsupportedModelError, UsageError } from '../errors.ts';
import type { Graph, Port } from '../graph.ts';
import { onnxImporters } from '../ops/index.ts';
import { GraphBuilder } from './builder.ts';
import { fuseDynamicRange } from './fuse-dynamic-range.ts';
import type { ModelProto } from './load.ts';
import { OnnxNode, UnsupportedNodeError } from './node.ts';
import { dtypeOfOnnx, onnxDtypeNames, tensorFromOnnx } from './tensor.ts';

export interface ImportOptions {
  /** Name for messages and for the packed model. */
  readonly name: string;
  /** Shapes given on the command line; they replace what the model says. */
  readonly inputShapes?: ReadonlyMap<string, readonly number[]>;
}

const OPSET_MIN = 7;
/** The last that ONNX Runtime 1.30 reads. From 22 on operators got more element types, and new ones, refused by their names, came. */
const OPSET_MAX = 26;

/** Version of the standard operator set that the model was exported with. */
export function opsetOf(model: ModelProto): number {
  const entry = model.opsetImport.find((opset) => !opset.domain || opset.domain === 'ai.onnx');
  return Number(entry?.version ?? 1);
}

/** The static shape of a graph input: symbolic dimensions are refused, except the batch, which becomes 1. */
function inputShape(input: Onnx.IValueInfoProto, given: readonly number[] | undefined, problems: Problem[]): number[] {
  if (given) return [...given];
  const dims = input.type?.tensorType?.shape?.dim ?? [];
  const symbolic: string[] = [];
  const shape = dims.map((dim, i) => {
    const value = Number(dim.dimValue ?? 0);
    if (value > 0) return value;
    if (i > 0) symbolic.push(dim.dimParam || `#${i}`);
    return 1;
  });
  if (symbolic.length) {
    const example = dims.map((dim) => (Number(dim.dimValue ?? 0) > 0 ? String(dim.dimValue) : '?'));
    problems.push({
      node: input.name ?? '',
      operator: 'Input',
      reason: `dimension(s) ${symbolic.join(', ')} are symbolic`,
      fix: `fix the shape with --input ${input.name}=${['1', ...example.slice(1)].join(',')}`,
    });
  }
  return shape;
}

function addInputs(model: ModelProto, builder: GraphBuilder, options: ImportOptions, problems: Problem[]): Port[] {
  const graph = model.graph as Onnx.IGraphProto;
  const ports: Port[] = [];
  const names = (graph.input ?? []).map((input) => input.name ?? '').filter((name) => !builder.isDefined(name));
  for (const name of options.inputShapes?.keys() ?? []) {
    if (!names.includes(name)) throw new UsageError(`--input ${name}: the model has no such input; its inputs are ${names.join(', ')}`);
  }
  for (const input of graph.input ?? []) {
    const name = input.name ?? '';
    if (builder.isDefined(name)) continue;
    const dataType = input.type?.tensorType?.elemType ?? 0;
    const dtype = dtypeOfOnnx(dataType);
    if (!dtype) {
      problems.push({
        node: name,
        operator: 'Input',
        reason: `dtype ${onnxDtypeNames[dataType] ?? dataType} is not supported`,
        fix: 'export the model with float32 inputs',
      });
    }
    builder.define(name, { dtype: dtype ?? 'float32', shape: inputShape(input, options.inputShapes?.get(name), problems) });
    builder.onnxDtypes.set(name, onnxDtypeNames[dataType] ?? '');
    ports.push({ name, value: name });
  }
  return ports;
}

function addInitializers(model: ModelProto, builder: GraphBuilder, problems: Problem[]): void {
  for (const initializer of model.graph?.initializer ?? []) {
    const name = initializer.name ?? '';
    try {
      builder.addConstant(tensorFromOnnx(initializer), name);
      builder.onnxDtypes.set(name, onnxDtypeNames[initializer.dataType ?? 0] ?? '');
    } catch (error) {
      problems.push({
        node: name,
        operator: 'Initializer',
        reason: (error as Error).message,
        fix: 'export the weights as float32 inside the model file',
      });
    }
  }
}

function subgraphsOf(proto: Onnx.INodeProto): Onnx.IGraphProto[] {
  return (proto.attribute ?? []).flatMap((attribute) => [...(attribute.g ? [attribute.g] : []), ...(attribute.graphs ?? [])]);
}

function importerOf(proto: Onnx.INodeProto) {
  return !proto.domain || proto.domain === 'ai.onnx' ? onnxImporters.get(proto.opType ?? '') : undefined;
}

/** Reports an operator that no file imports, and every other one inside its branches. */
function refuseOperator(proto: Onnx.INodeProto, opset: number, problems: Problem[], place = ''): void {
  const { name, operator } = new OnnxNode(proto, opset);
  const node = `${place}${name}`;
  const branches = subgraphsOf(proto);
  const domain = proto.domain && proto.domain !== 'ai.onnx' ? proto.domain : undefined;
  problems.push({
    node,
    operator,
    reason: domain ? `the operator is of domain ${domain}` : 'the operator is not supported',
    fix: branches.length
      ? 'control flow cannot be compiled: export a model without it (torch: trace instead of script; fix the sequence length)'
      : 'replace it with supported operators (whittle check --ops lists them) or cut the model before it',
  });
  for (const branch of branches) {
    for (const inner of branch.node ?? []) if (!importerOf(inner)) refuseOperator(inner, opset, problems, `${node}/`);
  }
}

/** Blanks further outputs that nothing reads, as if they were left out: a MaxPool's indices, a Dropout's mask. */
function dropUnreadOutputs(graph: Onnx.IGraphProto): Onnx.INodeProto[] {
  const nodes = fuseDynamicRange(graph);
  const read = new Set([...nodes.flatMap((node) => node.input ?? []), ...(graph.output ?? []).map((output) => output.name ?? '')]);
  return nodes.map((node) => ({ ...node, output: (node.output ?? []).map((name, i) => (i === 0 || read.has(name) ? name : '')) }));
}

/** Adds one node; a refusal becomes a problem, and the nodes behind it are not judged. */
function importNode(proto: Onnx.INodeProto, opset: number, builder: GraphBuilder, problems: Problem[]): void {
  const importer = importerOf(proto);
  if (!importer) {
    refuseOperator(proto, opset, problems);
    return;
  }
  const node = new OnnxNode(proto, opset);
  if (node.inputs.some((input) => input && !builder.isDefined(input))) return;
  builder.currentNode = node.name;
  const report = (reason: string, fix: string) => problems.push({ node: node.name, operator: node.operator, reason, fix });
  try {
    importer(node, builder);
  } catch (error) {
    if (error instanceof UnsupportedNodeError) report(error.reason, error.fix);
    else report((error as Error).message, 'check the shapes with Netron, or export the model again');
  }
}

/**
 * @throws UnsupportedModelError with every reason at once.
 * @throws UsageError when a shape was given for an input that does not exist.
 */
export function importOnnx(model: ModelProto, options: ImportOptions): Graph {
  const problems: Problem[] = [];
  const opset = opsetOf(model);
  if (opset < OPSET_MIN || opset > OPSET_MAX) {
    problems.push({
      node: options.name,
      operator: 'Model',
      reason: `opset ${opset}; supported are ${OPSET_MIN} to ${OPSET_MAX}`,
      fix: 'export with opset_version=18',
    });
  }
  const builder = new GraphBuilder();
  addInitializers(model, builder, problems);
  const inputs = addInputs(model, builder, options, problems);
  for (const node of dropUnreadOutputs(model.graph ?? {})) importNode(node, opset, builder, problems);
  if (problems.length) throw new UnsupportedModelError(options.name, problems);
  const outputs = (model.graph?.output ?? []).map((output) => ({ name: output.name ?? '', value: output.name ?? '' }));
  for (const output of outputs) {
    if (!builder.isDefined(output.value))
      problems.push({ node: output.name, operator: 'Output', reason: 'no node computes it', fix: 'export the model again' });
  }
  if (problems.length) throw new UnsupportedModelError(options.name, problems);
  return builder.build(options.name, inputs, outputs);
}
