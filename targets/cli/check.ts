/** `whittle check`: everything that keeps a model from being compiled, at once; whether it fits a board; the list of operators. */
import { type CheckReport, checkModel, operatorMatrix } from '../../compiler/check.ts';
import { addInputShapeOption, type InputShape } from '../../compiler/cli/input-shapes.ts';
import { checkPacked, isPacked, modelName } from '../../compiler/cli/model-file.ts';
import type { Colors } from '../../compiler/cli/output.ts';
import type { Invocation, Verb } from '../../compiler/cli/program.ts';
import { facts, grouped, table } from '../../compiler/cli/table.ts';
import { Engine } from '../../compiler/engine.ts';
import { type Problem, UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { FloatIsland } from '../../compiler/quantization/islands.ts';
import { fullRuntime } from '../../compiler/root.ts';
import { boardNamed } from '../boards/index.ts';
import { type Fit, fitBoard } from '../mcu/fit.ts';
import { packUncalibrated } from '../mcu/uncalibrated.ts';

interface CheckOptions {
  readonly ops?: boolean;
  readonly input?: InputShape[];
  readonly board?: string;
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

/** A packed model that the runtime accepts can be run; its operators are the kernels it calls. */
async function checkPackedModel(model: PackedModel, path: string): Promise<CheckReport> {
  await Engine.create(await fullRuntime('scalar'), model.bytes);
  const operators: Record<string, number> = {};
  for (const opcode of model.opcodes) {
    const name = opcodeNames.get(opcode) ?? String(opcode);
    operators[name] = (operators[name] ?? 0) + 1;
  }
  return { ok: true, model: path, problems: [], operators, floatIslands: model.metadata.floatIslands ?? [] };
}

function sizeRow(title: string, needed: number, available: number): string[] {
  return [title, grouped(needed), grouped(available), `${((100 * needed) / available).toFixed(1)} %`];
}

const LISTED_LAYERS = 5;

function fitText(fit: Fit, colors: Colors): string {
  const { flash, ram, layers, arenaPeak } = fit;
  const rows = [sizeRow('flash', flash.neededBytes, flash.availableBytes), sizeRow('RAM', ram.neededBytes, ram.availableBytes)];
  const columns = [
    { title: '' },
    { title: 'needed', align: 'right' },
    { title: 'available', align: 'right' },
    { title: '', align: 'right' },
  ] as const;
  const known = fit.method === 'linked' ? "linked with the board's compiler" : 'at most: the compiler of the board is not installed';
  const details = facts([
    ['flash', `${grouped(flash.codeBytes)} code + ${grouped(flash.imageBytes)} constants`],
    ['RAM', `${grouped(ram.tensorBytes)} tensors + ${grouped(ram.workspaceBytes)} workspace + ${grouped(ram.stackBytes)} stack`],
    [
      'largest',
      layers
        .slice(0, LISTED_LAYERS)
        .map(({ name, bytes }) => `${name} ${grouped(bytes)}`)
        .join(', '),
    ],
    ['peak', `${arenaPeak.layer}: ${grouped(arenaPeak.liveBytes)} live bytes`],
    ['kernels', `${fit.vocabulary}; ${known}`],
  ]);
  const verdict = fit.fits ? colors.green(`fits ${fit.board} (${fit.chip})`) : colors.red(`does not fit ${fit.board} (${fit.chip})`);
  return [verdict, table([...columns], rows), '', details, ...fit.suggestions.map((text) => `  - ${text}`)].join('\n');
}

function reportText(report: CheckReport, fit: Fit | undefined, colors: Colors): string {
  const { model, problems, floatIslands } = report;
  if (!report.ok)
    return [colors.red(`${model}: cannot be compiled, ${problems.length} reason(s)`), ...problems.map(problemText)].join('\n');
  const verdict = [colors.green(`${model}: can be compiled`), ...floatIslands.map(islandText)];
  return [...verdict, ...(fit ? [fitText(fit, colors)] : [])].join('\n');
}

async function run(path: string, options: CheckOptions, invocation: Invocation): Promise<void> {
  const board = options.board === undefined ? undefined : boardNamed(options.board);
  const inputShapes = new Map(options.input);
  const bytes = readInputFile(path);
  const packed = isPacked(bytes) ? checkPacked(bytes, path) : undefined;
  const report = packed ? await checkPackedModel(packed, path) : checkModel(path, inputShapes);
  const fit =
    board && report.ok ? await fitBoard(packed ?? (await packUncalibrated(path, modelName(path), inputShapes)), board) : undefined;
  if (!report.ok) invocation.exitCode = 3;
  else if (fit && !fit.fits) invocation.exitCode = 4;
  invocation.output.report({ ...report, ...fit }, (colors) => reportText(report, fit, colors));
}

export const check: Verb = (program, invocation) => {
  const command = program
    .command('check')
    .description('list everything that keeps a model from being compiled, with a reason and a fix; say whether it fits a board')
    .argument('[model]', 'the ONNX file, or a packed model')
    .option('--board <board>', 'also say whether it fits this board (exit code 4: it does not)')
    .option('--ops', 'list the supported operators instead');
  addInputShapeOption(command).action((path: string | undefined, options: CheckOptions) => {
    if (options.ops) return reportOperators(invocation);
    if (path === undefined) throw new UsageError('check needs a model (whittle check MODEL.onnx), or --ops');
    return run(path, options, invocation);
  });
};
