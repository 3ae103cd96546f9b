/** Everything that keeps a model from being compiled, at once; and the list of operators. */
import { basename } from 'node:path';
import { type Problem, UnsupportedModelError } from './errors.ts';
import { importOnnx } from './onnx/import.ts';
import { loadOnnx } from './onnx/load.ts';
import { onnxImporters, operators } from './ops/index.ts';
import { defaultPasses } from './passes/index.ts';
import { runPasses } from './passes/pass.ts';
import { planExecution } from './plan/plan.ts';
import { type FloatIsland, type Islands, initialIslands } from './quantization/islands.ts';

/** int8: runs in integers; float: a float32 island in an int8 model; folded: must vanish before the model runs. */
export interface OperatorSupport {
  readonly operator: string;
  readonly becomes: string;
  readonly precision: 'int8' | 'float' | 'folded';
}

/** Every ONNX operator that whittle imports, by name. */
export function operatorMatrix(): OperatorSupport[] {
  const opOf = new Map(operators.flatMap((op) => Object.keys(op.onnx).map((operator) => [operator, op] as const)));
  return [...onnxImporters.keys()].sort().map((operator) => {
    const op = opOf.get(operator);
    const precision = !op?.kernel ? 'folded' : op.quantize.kind === 'float' ? 'float' : 'int8';
    return { operator, becomes: op?.name ?? 'nothing', precision };
  });
}

export interface CheckReport {
  readonly ok: boolean;
  readonly model: string;
  readonly problems: readonly Problem[];
  /** How often the model uses each ONNX operator. */
  readonly operators: Readonly<Record<string, number>>;
  /** Nodes that will stay float32 in an int8 model, as far as that is known without samples. */
  readonly floatIslands: readonly FloatIsland[];
}

/**
 * Imports and plans the model.
 * @throws InputFileError when the file is not a model; UsageError when a shape is for no input.
 */
export function checkModel(path: string, inputShapes: ReadonlyMap<string, readonly number[]> = new Map()): CheckReport {
  const { model } = loadOnnx(path);
  const counts: Record<string, number> = {};
  for (const { opType } of model.graph?.node ?? []) counts[opType ?? ''] = (counts[opType ?? ''] ?? 0) + 1;
  const report = (problems: readonly Problem[], islands: Islands = new Map()) => ({
    ok: problems.length === 0,
    model: path,
    problems,
    operators: counts,
    floatIslands: [...islands].map(([node, reason]) => ({ node: node.name, operator: node.op.name, reason })),
  });
  try {
    const graph = runPasses(importOnnx(model, { name: basename(path), inputShapes }), defaultPasses);
    planExecution(graph);
    return report([], initialIslands(graph, new Set()));
  } catch (error) {
    if (error instanceof UnsupportedModelError) return report(error.problems);
    throw error;
  }
}
