/** `whittle check`: everything that keeps a model from being compiled, at once; and the list of operators. */
import { basename } from 'node:path';
import { type Problem, UnsupportedModelError, UsageError } from '../errors.ts';
import { importOnnx } from '../onnx/import.ts';
import { loadOnnx } from '../onnx/load.ts';
import { onnxImporters, operators } from '../ops/index.ts';
import { defaultPasses } from '../passes/index.ts';
import { runPasses } from '../passes/pass.ts';
import { planExecution } from '../plan/plan.ts';
import { type FloatIsland, type Islands, initialIslands } from '../quantization/islands.ts';
import { addInputShapeOption, type InputShape } from './input-shapes.ts';
import type { Invocation, Verb } from './program.ts';
import { table } from './table.ts';

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

function reportOperators({ output }: Invocation): void {
  const matrix = operatorMatrix();
  output.report({ operators: matrix }, () =>
    table(
      [{ title: 'ONNX operator' }, { title: 'becomes' }, { title: 'precision' }],
      matrix.map(({ operator, becomes, precision }) => [operator, becomes, precision]),
    ),
  );
}

function problemText({ operator, node, reason, fix }: Problem): string {
  return `  ${operator} "${node}"\n    why  ${reason}\n    fix  ${fix}`;
}

function islandText({ operator, node, reason }: FloatIsland): string {
  return `  ${operator} "${node}" stays float32: ${reason}`;
}

export const check: Verb = (program, invocation) => {
  const command = program
    .command('check')
    .description('list everything that keeps a model from being compiled, with a reason and a fix')
    .argument('[model]', 'the ONNX file')
    .option('--ops', 'list the supported operators instead');
  addInputShapeOption(command).action((path: string | undefined, options: { ops?: boolean; input?: InputShape[] }) => {
    if (options.ops) return reportOperators(invocation);
    if (path === undefined) throw new UsageError('check needs a model (whittle check MODEL.onnx), or --ops');
    const report = checkModel(path, new Map(options.input));
    if (!report.ok) invocation.exitCode = 3;
    invocation.output.report(report, (colors) =>
      report.ok
        ? [colors.green(`${path}: can be compiled`), ...report.floatIslands.map(islandText)].join('\n')
        : [colors.red(`${path}: cannot be compiled, ${report.problems.length} reason(s)`), ...report.problems.map(problemText)].join('\n'),
    );
  });
};
