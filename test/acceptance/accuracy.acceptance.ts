/**
 * What quantization costs on real models: the packed int8 graph against the float graph, both on the runtime. The bounds are
 * those of the issue; calibration and evaluation use different samples wherever the data have both.
 */
import { afterAll, expect, test } from 'vitest';
import { type CompiledModel, compileModel } from '../../compiler/compile.ts';
import { Executor } from '../../compiler/execute.ts';
import { type Graph, valueOf } from '../../compiler/graph.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import { AccuracyMeter, inputsOf, realNumbers } from '../../compiler/quantization/accuracy.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import type { Samples } from '../../compiler/samples/samples.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const CALIBRATION_SAMPLES = 100;

interface Case {
  readonly model: string;
  readonly calibration: string;
  readonly evaluation: string;
  /** Largest loss of top-1 accuracy, in percentage points. */
  readonly topOneDrop?: number;
  /** Smallest share of samples on which both pick the same class, in percent. */
  readonly agreement?: number;
  readonly fileBytes?: number;
}

const cases: readonly Case[] = [
  {
    model: 'ic-resnet8/model_fp32_bn.onnx',
    calibration: 'ic-resnet8/calibration.dataset.json',
    evaluation: 'ic-resnet8/dev.dataset.json',
    topOneDrop: 0.3,
    fileBytes: 92 * 1024,
  },
  {
    model: 'ic-resnet8/ic02_large_fp32_folded.onnx',
    calibration: 'ic-resnet8/calibration.dataset.json',
    evaluation: 'ic-resnet8/dev.dataset.json',
    topOneDrop: 0.3,
  },
  {
    model: 'kws-dscnn/model_fp32.onnx',
    calibration: 'kws-dscnn/dev.dataset.json',
    evaluation: 'kws-dscnn/dev.dataset.json',
    topOneDrop: 0.4,
    fileBytes: 34 * 1024,
  },
  {
    model: 'mnist-lenet/lenet300100_original.onnx',
    calibration: 'mnist-lenet/calibration.dataset.json',
    evaluation: 'mnist-lenet/dev.dataset.json',
    topOneDrop: 0.06,
  },
  {
    model: 'mnist-lenet/lenet5_original.onnx',
    calibration: 'mnist-lenet/calibration.dataset.json',
    evaluation: 'mnist-lenet/dev.dataset.json',
    topOneDrop: 0.06,
  },
  {
    model: 'imagenet-sample1000/squeezenet1.1_fp32.onnx',
    calibration: 'imagenet-sample1000/dev.squeezenet.dataset.json',
    evaluation: 'imagenet-sample1000/dev.squeezenet.dataset.json',
    agreement: 94,
  },
  {
    model: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx',
    calibration: 'imagenet-sample1000/dev.mobilenetv2.dataset.json',
    evaluation: 'imagenet-sample1000/dev.mobilenetv2.dataset.json',
    agreement: 96,
  },
  {
    model: 'vww-mobilenetv1/model_fp32_bn.onnx',
    calibration: 'imagenet-sample1000/dev.vww.dataset.json',
    evaluation: 'imagenet-sample1000/dev.vww.dataset.json',
    agreement: 98,
  },
];

interface Measurement {
  readonly floatTopOne: number;
  readonly intTopOne: number;
  readonly agreement: number;
  readonly sqnr: number;
}

function indexOfMaximum(data: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < data.length; i++) if ((data[i] as number) > (data[best] as number)) best = i;
  return best;
}

/** Runs both graphs over the samples; top-1 and agreement in percent. */
async function measure({ graph, floatGraph }: CompiledModel, samples: Samples): Promise<Measurement> {
  const [float, quantized] = [await Executor.create(floatGraph), await Executor.create(graph)];
  const read = sampleReader(samples, inputPortsOf(floatGraph));
  const meter = new AccuracyMeter();
  const hits = { float: 0, quantized: 0, both: 0 };
  const [port] = graph.outputs as [Graph['outputs'][number]];
  for (let i = 0; i < samples.count; i++) {
    const inputs = read(i);
    const expected = float.run(inputs)[0]?.data as Float32Array;
    const integers = quantized.run(inputsOf(graph, inputs))[0]?.data as Int8Array;
    const actual = realNumbers(integers, valueOf(graph, port.value).type.quantization);
    meter.add(expected, actual);
    const classes = { float: indexOfMaximum(expected), quantized: indexOfMaximum(actual), label: samples.label?.(i) };
    hits.float += Number(classes.float === classes.label);
    hits.quantized += Number(classes.quantized === classes.label);
    hits.both += Number(classes.float === classes.quantized);
  }
  const percent = (count: number) => (100 * count) / samples.count;
  return {
    floatTopOne: percent(hits.float),
    intTopOne: percent(hits.quantized),
    agreement: percent(hits.both),
    sqnr: meter.accuracy.sqnr,
  };
}

function modelInputs(path: string) {
  return modelInputsOf(inputPortsOf(importOnnx(loadOnnx(path).model, { name: path })));
}

function* iterate(samples: Samples, inputs: ReturnType<typeof modelInputs>): Generator<Float32Array[]> {
  const read = sampleReader(samples, inputs);
  for (let i = 0; i < samples.count; i++) yield read(i);
}

const rows: string[] = [];
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

function addRow(name: string, { report }: CompiledModel, compileSeconds: string, result: string): void {
  rows.push(
    `${name.padEnd(52)} ${result} | ${report.fileBytes} B, arena ${report.arenaBytes} B, ${report.islands.length} float, ${compileSeconds} s`,
  );
}

describeWithSharedData('accuracy of int8', () => {
  afterAll(() => console.log(['', ...rows, ''].join('\n')));

  test.for(cases)('$model', async ({ model, calibration, evaluation, topOneDrop, agreement, fileBytes }) => {
    const path = sharedData(model);
    const inputs = modelInputs(path);
    const start = performance.now();
    const compiled = await compileModel({
      onnx: path,
      name: model,
      samples: iterate(loadSamples(sharedData(calibration), { inputs, limit: CALIBRATION_SAMPLES }), inputs),
    });
    const compileSeconds = seconds(start);
    const measured = await measure(compiled, loadSamples(sharedData(evaluation), { inputs }));
    const { floatTopOne, intTopOne } = measured;
    const accuracy = topOneDrop === undefined ? '' : `top-1 ${floatTopOne.toFixed(2)} -> ${intTopOne.toFixed(2)}, `;
    addRow(model, compiled, compileSeconds, `${accuracy}agreement ${measured.agreement.toFixed(2)} %, SQNR ${measured.sqnr.toFixed(1)} dB`);
    expect(compiled.report.islands).toEqual([]);
    if (topOneDrop !== undefined) expect(floatTopOne - intTopOne).toBeLessThanOrEqual(topOneDrop + 1e-9);
    if (agreement !== undefined) expect(measured.agreement).toBeGreaterThanOrEqual(agreement);
    if (fileBytes !== undefined) expect(compiled.bytes.length).toBeLessThanOrEqual(fileBytes);
  });

  test('ad-autoencoder/model_fp32_bn.onnx on synthetic frames', async () => {
    const path = sharedData('ad-autoencoder/model_fp32_bn.onnx');
    const start = performance.now();
    const compiled = await compileModel({ onnx: path, name: 'ad', samples: logMelFrames(CALIBRATION_SAMPLES, 1) });
    const compileSeconds = seconds(start);
    const frames = [...logMelFrames(500, 2)];
    const samples: Samples = {
      source: 'synthetic',
      count: frames.length,
      layouts: [{ shape: [640], order: 'model' }],
      sample: (i) => frames[i] as Float32Array[],
      metric: 'agreement',
      preprocess: { offset: 0, scale: 1 },
      hash: () => '',
    };
    const { sqnr } = await measure(compiled, samples);
    addRow('ad-autoencoder/model_fp32_bn.onnx', compiled, compileSeconds, `SQNR ${sqnr.toFixed(1)} dB on synthetic frames`);
    expect(sqnr).toBeGreaterThanOrEqual(25);
  });
});

/** Frames like those of machine sounds: 5 × 128 log-mel levels in dB, a smooth falling spectrum with noise. */
function* logMelFrames(count: number, seed: number): Generator<Float32Array[]> {
  for (let i = 0; i < count; i++) {
    const [level, slope, ...noise] = randomTensor([642], seed * 100_003 + i).data as Float32Array;
    yield [Float32Array.from(noise, (x, k) => -20 + 8 * (level as number) - (20 + 6 * (slope as number)) * ((k % 128) / 128) + 6 * x)];
  }
}
