/** The one list of operators. */
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { Conv2d } from './conv2d.ts';
import { Dense } from './dense.ts';
import { Dequantize } from './dequantize.ts';
import type { Op } from './op.ts';
import { Quantize } from './quantize.ts';
import { Requantize } from './requantize.ts';
import { Reshape } from './reshape.ts';
import { Transpose } from './transpose.ts';
import { Unary } from './unary.ts';

export const operators: readonly Op[] = [Add, Conv2d, Dense, Dequantize, Quantize, Requantize, Reshape, Transpose, Unary];

type OnnxImporter = (node: OnnxNode, graph: GraphBuilder) => void;

/** ONNX operator type → what imports it. */
export const onnxImporters: ReadonlyMap<string, OnnxImporter> = new Map(operators.flatMap((op) => Object.entries(op.onnx)));
