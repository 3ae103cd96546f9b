/** `whittle compile`: ONNX model + samples → packed model. */
import { Option } from 'commander';
import { compileFile } from '../compile-file.ts';
import type { Measurement } from '../compression/measure.ts';
import { type EncodingGoal, encodingGoals } from '../encoding/encode-plan.ts';
import { writeOutputFile } from '../files.ts';
import { type CalibrationMethod, calibrationMethods, DEFAULT_CALIBRATION_METHOD } from '../quantization/range.ts';
import { DEFAULT_ROUNDING, type RoundingName } from '../quantization/rounding/index.ts';
import { weightRounding } from '../quantization/rounding/round-layers.ts';
import type { WeightBitsChoice } from '../quantization/weight-bits.ts';
import type { CompileReport, LayerReport, WeightPrecision } from '../report.ts';
import { addInputShapeOption, type InputShape } from './input-shapes.ts';
import { modelName } from './model-file.ts';
import { type Invocation, integerOption, type Verb } from './program.ts';
import { bytesText, facts, grouped, percentText, shapeText, table } from './table.ts';
import { roundingOption, weightBitsOption } from './weight-options.ts';

interface CompileVerbOptions {
  readonly samples?: string;
  readonly limit?: number;
  readonly input?: readonly InputShape[];
  readonly calibrationMethod: CalibrationMethod;
  readonly keepFloat?: readonly string[];
  readonly weightBits?: WeightBitsChoice;
  readonly rounding: RoundingName;
  readonly float?: boolean;
  readonly encoding: EncodingGoal;
  readonly compact?: boolean;
  readonly name?: string;
  readonly output?: string;
}

/** What was chosen, and what plain weights would cost. */
export function encodingText(choice: LayerReport['encoding']): string {
  if (!choice) return '';
  const cost = (name: string) => {
    const { bytes = 0, us } = choice.candidates.find(({ encoding }) => encoding === name) ?? {};
    return `${grouped(bytes)} B${us === undefined ? '' : ` ${us.toFixed(1)} µs`}`;
  };
  return choice.encoding === 'dense' ? 'plain' : `${choice.encoding} ${cost(choice.encoding)} (plain ${cost('dense')})`;
}

function bitsText(layers: WeightPrecision['layers']): string {
  const counts = new Map<number, number>();
  for (const bits of Object.values(layers)) counts.set(bits, (counts.get(bits) ?? 0) + 1);
  return [...counts].map(([bits, count]) => `${bits} in ${count} ${count === 1 ? 'layer' : 'layers'}`).join(', ');
}

/** Which layers have fewer than 8 bits, and what that costs. */
export function precisionText({ layers, measured, withEightBits }: WeightPrecision): string {
  const quality = ({ agreement, outputError }: Measurement) => `${percentText(agreement)} agree, error ${outputError.toPrecision(2)}`;
  return `${bitsText(layers)}: ${quality(measured)} (8 bits: ${quality(withEightBits)}; ${measured.samples} samples)`;
}

function reportText(report: CompileReport, path: string, seconds: number): string {
  const layers = table(
    [
      { title: 'layer' },
      { title: 'operator' },
      { title: 'type' },
      { title: 'output' },
      { title: 'MACs', align: 'right' },
      { title: 'constants', align: 'right' },
      { title: 'stored' },
      { title: 'SQNR dB', align: 'right' },
    ],
    report.layers.map((layer) => [
      layer.node,
      layer.operator,
      layer.dtype,
      shapeText(layer.outputShape),
      grouped(layer.macs),
      grouped(layer.constantBytes),
      encodingText(layer.encoding),
      layer.sqnr === undefined || !Number.isFinite(layer.sqnr) ? '' : layer.sqnr.toFixed(1),
    ]),
  );
  const totals = facts([
    ['model', `${report.name}, ${bytesText(report.sourceBytes)} of ONNX`],
    ['packed', `${path}, ${bytesText(report.fileBytes)} (${bytesText(report.constantBytes)} of constants)`],
    ['arena', `${bytesText(report.arenaBytes)} (${grouped(report.arenaBytes)} bytes)`],
    ['parameters', grouped(report.parameters)],
    ['MACs', grouped(report.macs)],
    ...(report.weightPrecision ? [['weight bits', precisionText(report.weightPrecision)] as const] : []),
    ['calibrated on', report.calibrationSamples ? `${report.calibrationSamples} samples` : 'nothing'],
    ['took', `${seconds.toFixed(1)} s`],
  ]);
  const islands = report.islands.map(({ operator, node, reason }) => `  ${operator} "${node}": ${reason}`);
  return [layers, '', totals, ...(islands.length ? ['', 'float32 inside:', ...islands] : [])].join('\n');
}

async function run(path: string, options: CompileVerbOptions, { output, seed }: Invocation): Promise<void> {
  const start = performance.now();
  const rounding = weightRounding(options.rounding);
  const { bytes, report } = await compileFile(path, {
    name: options.name ?? modelName(path),
    inputShapes: new Map(options.input),
    calibrationMethod: options.calibrationMethod,
    encoding: options.encoding,
    seed,
    onNote: (text) => output.note(text),
    onSample: (done, total) => (done < total ? output.progress('calibrate', done, total) : output.endProgress()),
    onProgress: (stage, done) => done === undefined && output.detail(stage),
    ...(options.samples !== undefined && { samples: options.samples }),
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(options.keepFloat && { keepFloat: options.keepFloat }),
    ...(options.weightBits && { weightBits: options.weightBits }),
    ...(rounding && { rounding }),
    ...(options.float && { float: true }),
    ...(options.compact && { compact: true }),
  });
  const target = options.output ?? `${modelName(path)}.whittle`;
  writeOutputFile(target, bytes);
  const seconds = (performance.now() - start) / 1000;
  const { fileBytes, islands, ...rest } = report;
  const document = { model: path, output: target, packedBytes: fileBytes, ...rest, floatIslands: islands, seconds };
  output.report(document, () => reportText(report, target, seconds));
}

export const compile: Verb = (program, invocation) => {
  const command = program
    .command('compile')
    .description('quantize a model to int8 and pack it into one file')
    .argument('<model>', 'the ONNX file')
    .option('--samples <path>', 'inputs to calibrate with: a *.dataset.json, a folder of images, a .npy or a .npz')
    .option('--limit <number>', 'use this many of the samples, spread evenly', integerOption(1))
    .addOption(
      new Option('--calibration-method <method>', 'how the range of an activation is chosen')
        .choices(calibrationMethods)
        .default(DEFAULT_CALIBRATION_METHOD),
    )
    .option('--keep-float <names>', 'nodes that stay float32, separated by commas', (names) => names.split(',').filter(Boolean))
    .addOption(weightBitsOption())
    .addOption(roundingOption().default(DEFAULT_ROUNDING))
    .option('--float', 'do not quantize at all')
    .addOption(
      new Option('--encoding <goal>', 'how int8 weights are stored: plain, in the fewest bytes, or for the least measured time')
        .choices(encodingGoals)
        .default('dense'),
    )
    .option('--compact', 'entropy code the file for a shorter download; hosts expand it before they run it')
    .option('--name <name>', 'name of the model; default: that of the file')
    .option('-o, --output <path>', 'the packed model; default: MODEL.whittle in this folder');
  addInputShapeOption(command).action((path: string, options: CompileVerbOptions) => run(path, options, invocation));
};
