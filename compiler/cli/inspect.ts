/** `whittle inspect`: what is in a model, before and after compiling. */
import * as format from '../../runtime-as/format.ts';
import { readInputFile } from '../files.ts';
import { elementCount, type Graph, type Port, valueOf } from '../graph.ts';
import { importOnnx, opsetOf } from '../onnx/import.ts';
import { loadOnnx } from '../onnx/load.ts';
import type { PackedPort } from '../packed/metadata.ts';
import { defaultPasses } from '../passes/index.ts';
import { runPasses } from '../passes/pass.ts';
import { planExecution } from '../plan/plan.ts';
import { countParameters, layerReports } from '../report.ts';
import { onnxShapeOf } from '../samples/layout.ts';
import { addInputShapeOption, type InputShape } from './input-shapes.ts';
import { checkPacked, isPacked, modelName } from './model-file.ts';
import type { Verb } from './program.ts';
import { bytesText, facts, grouped, shapeText, table } from './table.ts';

interface PortSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

function portText({ name, dtype, shape }: PortSummary): string {
  return `${name}  ${dtype} ${shapeText(shape)}`;
}

function portsText(inputs: readonly PortSummary[], outputs: readonly PortSummary[]): [string, string][] {
  return [
    ...inputs.map((port): [string, string] => ['input', portText(port)]),
    ...outputs.map((port): [string, string] => ['output', portText(port)]),
  ];
}

/** In the shape of the ONNX file. */
function graphPort(graph: Graph, { name, value, permutation }: Port): PortSummary {
  const { dtype, shape } = valueOf(graph, value).type;
  return { name, dtype, shape: onnxShapeOf({ name, shape, ...(permutation && { permutation }) }) };
}

function parametersOf(graph: Graph, inputs: readonly string[]): number {
  return [...new Set(inputs)]
    .map((name) => valueOf(graph, name))
    .filter(({ constant, type }) => constant && type.dtype === 'float32')
    .reduce((sum, { type }) => sum + elementCount(type.shape), 0);
}

/**
 * The model after the passes: batch normalization folded, activations fused, shapes channels-last.
 * @throws UnsupportedModelError when the model cannot be imported.
 */
export function inspectOnnx(file: Uint8Array, path: string, inputShapes: ReadonlyMap<string, readonly number[]>) {
  const { model, bytes } = loadOnnx(path, file);
  const graph = runPasses(importOnnx(model, { name: modelName(path), inputShapes }), defaultPasses);
  const plan = planExecution(graph);
  const inputsOf = new Map(graph.nodes.map((node) => [node.name, node.inputs]));
  const layers = layerReports(graph, plan, [], new Map()).map(({ node, operator, outputShape, macs }) => ({
    node,
    operator,
    outputShape,
    parameters: parametersOf(graph, inputsOf.get(node) ?? []),
    macs,
  }));
  return {
    kind: 'onnx' as const,
    model: path,
    fileBytes: bytes.length,
    opset: opsetOf(model),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    onnxNodes: model.graph?.node?.length ?? 0,
    inputs: graph.inputs.map((port) => graphPort(graph, port)),
    outputs: graph.outputs.map((port) => graphPort(graph, port)),
    layers,
    parameters: countParameters(graph),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    arenaBytes: plan.arenaBytes,
  };
}

function onnxText(report: ReturnType<typeof inspectOnnx>): string {
  const layers = table(
    [
      { title: 'layer' },
      { title: 'operator' },
      { title: 'output' },
      { title: 'parameters', align: 'right' },
      { title: 'MACs', align: 'right' },
    ],
    report.layers.map((layer) => [
      layer.node,
      layer.operator,
      shapeText(layer.outputShape),
      grouped(layer.parameters),
      grouped(layer.macs),
    ]),
  );
  const totals = facts([
    ['model', `${report.model}, ${bytesText(report.fileBytes)}`],
    ['ONNX', `opset ${report.opset}, ${report.onnxNodes} nodes${report.producer ? `, by ${report.producer}` : ''}`],
    ...portsText(report.inputs, report.outputs),
    ['parameters', grouped(report.parameters)],
    ['MACs', grouped(report.macs)],
    ['arena', `${bytesText(report.arenaBytes)} as float32`],
  ]);
  return `${layers}\n\n${totals}`;
}

/** Opcode → "conv2d int8". */
const opcodeTexts: ReadonlyMap<number, string> = new Map(
  Object.entries(format)
    .filter(([name]) => name.startsWith('OPCODE_'))
    .map(([name, opcode]) => [opcode, name.slice('OPCODE_'.length).toLowerCase().replaceAll('_', ' ')]),
);

/** @throws InvalidPackedModelError when the file is damaged or of another version. */
export function inspectPacked(file: Uint8Array, path: string) {
  const { bytes, metadata, arenaBytes, constantsBytes, opcodes } = checkPacked(file, path);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number) => header.getUint32(index * 4, true);
  const summary = ({ name, dtype, shape, scale, zeroPoint, permutation }: PackedPort) => ({
    name,
    dtype,
    shape: onnxShapeOf({ name, shape, ...(permutation && { permutation }) }),
    ...(scale !== undefined && { scale, zeroPoint }),
  });
  return {
    kind: 'packed' as const,
    model: path,
    name: metadata.name,
    fileBytes: file.length,
    /** What it is when it runs: more than the file where that is compact. */
    expandedBytes: bytes.length,
    formatVersion: word(format.HEADER_VERSION),
    sections: {
      tables: word(format.HEADER_STEPS_OFFSET),
      steps: word(format.HEADER_STEPS_BYTES),
      constants: constantsBytes,
      metadata: word(format.HEADER_METADATA_BYTES),
    },
    arenaBytes,
    inputs: metadata.inputs.map(summary),
    outputs: metadata.outputs.map(summary),
    steps: opcodes.map((opcode, i) => ({ node: metadata.steps[i] ?? '', kernel: opcodeTexts.get(opcode) ?? `opcode ${opcode}` })),
    floatIslands: metadata.floatIslands ?? [],
    ...(metadata.labels && { labels: metadata.labels }),
    ...(metadata.preprocess && { preprocess: metadata.preprocess }),
    ...(metadata.provenance && { provenance: metadata.provenance }),
  };
}

function packedText(report: ReturnType<typeof inspectPacked>): string {
  const steps = table(
    [{ title: '#', align: 'right' }, { title: 'layer' }, { title: 'kernel' }],
    report.steps.map(({ node, kernel }, i) => [i, node, kernel]),
  );
  const { tables, steps: stepBytes, constants, metadata } = report.sections;
  const totals = facts([
    ['model', `${report.name}, ${report.model}, format ${report.formatVersion}`],
    ['file', `${bytesText(report.fileBytes)} (${grouped(report.fileBytes)} bytes)`],
    ...(report.expandedBytes === report.fileBytes ? [] : [['  expands to', `${grouped(report.expandedBytes)} bytes`] as const]),
    ['  header, tables', `${grouped(tables)} bytes`],
    ['  steps', `${grouped(stepBytes)} bytes`],
    ['  constants', `${grouped(constants)} bytes`],
    ['  metadata', `${grouped(metadata)} bytes`],
    ['arena', `${grouped(report.arenaBytes)} bytes`],
    ...portsText(report.inputs, report.outputs),
    ...Object.entries(report.provenance ?? {}).map(([key, value]): [string, string | number] => [`made with ${key}`, value]),
  ]);
  const islands = report.floatIslands.map(({ operator, node, reason }) => `  ${operator} "${node}": ${reason}`);
  return [steps, '', totals, ...(islands.length ? ['', 'float32 inside:', ...islands] : [])].join('\n');
}

export const inspect: Verb = (program, invocation) => {
  const command = program
    .command('inspect')
    .description('show the layers, sizes and ports of an ONNX or packed model')
    .argument('<model>', 'an ONNX file or a packed one');
  addInputShapeOption(command).action((path: string, options: { input?: InputShape[] }) => {
    const bytes = readInputFile(path);
    if (isPacked(bytes)) {
      const report = inspectPacked(bytes, path);
      invocation.output.report(report, () => packedText(report));
    } else {
      const report = inspectOnnx(bytes, path, new Map(options.input));
      invocation.output.report(report, () => onnxText(report));
    }
  });
};
