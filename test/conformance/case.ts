/** The backend test cases of the ONNX project (../shared/data/onnx-conformance): one model, its inputs, its outputs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import type { Tensor } from '../../compiler/graph.ts';
import { loadOnnx, type ModelProto } from '../../compiler/onnx/load.ts';
import { onnxDtypeNames, tensorFromOnnx } from '../../compiler/onnx/tensor.ts';
import { sharedData } from '../shared-data.ts';

export interface CaseTensor {
  /** As ONNX names it: uint8 is int32 in the tensor. */
  readonly dtype: string;
  readonly tensor: Tensor;
}

export interface CaseInput extends CaseTensor {
  readonly name: string;
  readonly proto: Onnx.TensorProto;
}

export interface ConformanceCase {
  readonly name: string;
  readonly model: ModelProto;
  readonly inputs: readonly CaseInput[];
  readonly outputs: readonly CaseTensor[];
}

const folder = sharedData('onnx-conformance');
const families = ['node', 'pytorch-operator', 'pytorch-converted', 'simple'];

/** Names of all cases, "node/test_abs"; none where the shared data are absent. */
export function caseNames(): string[] {
  if (!existsSync(folder)) return [];
  return families.flatMap((family) => readdirSync(join(folder, family)).map((name) => `${family}/${name}`));
}

function readTensor(name: string, file: string): CaseTensor & { readonly proto: Onnx.TensorProto } {
  const proto = onnxProto.onnx.TensorProto.decode(readFileSync(join(folder, name, 'test_data_set_0', file)));
  return { proto, dtype: onnxDtypeNames[proto.dataType] ?? '', tensor: tensorFromOnnx(proto) };
}

function elementType(info: Onnx.IValueInfoProto): number | undefined {
  return info.type?.tensorType?.elemType ?? undefined;
}

/** Dtypes that have no counterpart in a float32 or int8 network; int64 and bool hold shapes, indices and conditions. */
const foreign = ['float16', 'bfloat16', 'double', 'string'];

/** Why the case is about neither float32 networks nor layers of integers; undefined when it is. */
export function outOfScope(model: ModelProto): string | undefined {
  const types = [...(model.graph?.input ?? []), ...(model.graph?.output ?? [])].map(elementType);
  if (types.includes(undefined)) return 'an input or output is a sequence or an optional';
  const names = types.map((type) => onnxDtypeNames[type as number] ?? '');
  const odd = names.find((name) => foreign.includes(name));
  if (odd) return `an input or output is ${odd}`;
  const isInteger = (model.graph?.node ?? []).some(({ opType }) => opType === 'MatMulInteger' || opType === 'ConvInteger');
  return names.includes('float') || isInteger ? undefined : `no input or output is float32, but ${[...new Set(names)].join(', ')}`;
}

export function loadModel(name: string): ModelProto {
  return loadOnnx(join(folder, name, 'model.onnx')).model;
}

/** Reads a case that is in scope. */
export function loadCase(name: string, model: ModelProto): ConformanceCase {
  const initialized = new Set((model.graph?.initializer ?? []).map((initializer) => initializer.name));
  const declared = (model.graph?.input ?? []).filter((input) => !initialized.has(input.name));
  return {
    name,
    model,
    inputs: declared.map((input, i) => ({ ...readTensor(name, `input_${i}.pb`), name: input.name ?? '' })),
    outputs: (model.graph?.output ?? []).map((_, i) => readTensor(name, `output_${i}.pb`)),
  };
}

/**
 * The model as one of opset 7 when it is older: the operators of the cases mean the same in both, and the attributes that
 * opset 7 dropped (broadcast, is_test) only said what is now the rule. (Cases with attribute `axis` of Add are double.)
 */
export function raiseOpset(model: ModelProto): ModelProto {
  const opsetImport = model.opsetImport.map((opset) => (!opset.domain && Number(opset.version) < 7 ? { ...opset, version: 7 } : opset));
  return { ...model, opsetImport } as ModelProto;
}

/** The model with these inputs turned into initializers: what a static compiler must know (weights, shapes, axes, limits). */
export function freezeInputs(model: ModelProto, inputs: readonly CaseInput[]): ModelProto {
  const initializer = [...(model.graph?.initializer ?? []), ...inputs.map(({ proto, name }) => ({ ...proto, name }))];
  return { ...model, graph: { ...model.graph, initializer } } as ModelProto;
}
