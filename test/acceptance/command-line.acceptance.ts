/**
 * Real models through the command line, as users and scripts call it: compile with 100 samples, evaluate the whole
 * evaluation set against the float model, and the same packed file on every host with the same output bytes: over the
 * whole set too, but for the scalar kernels of the three largest networks, which would take eight minutes for it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { requireTool } from '../require-tool.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';
import { syntheticFrames } from './synthetic-frames.ts';

interface Case {
  readonly model: string;
  readonly calibration: string;
  readonly evaluation: string;
  /** Largest loss of top-1 accuracy, in percentage points. */
  readonly drop?: number;
  /** Smallest share of samples on which int8 and float32 pick the same class. */
  readonly agreement?: number;
  readonly packedBytes?: number;
  readonly arenaBytes?: number;
  /** So many of the samples, spread evenly, run on the scalar kernels; default: all. */
  readonly scalarSamples?: number;
}

const imagenet = (name: string) => ({
  calibration: `imagenet-sample1000/dev.${name}.dataset.json`,
  evaluation: `imagenet-sample1000/dev.${name}.dataset.json`,
});
const cifar = { calibration: 'ic-resnet8/calibration.dataset.json', evaluation: 'ic-resnet8/dev.dataset.json' };
const mnist = { calibration: 'mnist-lenet/calibration.dataset.json', evaluation: 'mnist-lenet/dev.dataset.json' };

const cases: readonly Case[] = [
  { model: 'ic-resnet8/model_fp32_bn.onnx', ...cifar, drop: 0.3, packedBytes: 92 * 1024, arenaBytes: 60 * 1024 },
  { model: 'ic-resnet8/ic02_large_fp32_folded.onnx', ...cifar, drop: 0.3, scalarSamples: 500 },
  {
    model: 'kws-dscnn/model_fp32.onnx',
    calibration: 'kws-dscnn/dev.dataset.json',
    evaluation: 'kws-dscnn/dev.dataset.json',
    drop: 0.4,
    packedBytes: 34 * 1024,
  },
  { model: 'mnist-lenet/lenet300100_original.onnx', ...mnist, drop: 0.06 },
  { model: 'mnist-lenet/lenet5_original.onnx', ...mnist, drop: 0.06 },
  { model: 'vww-mobilenetv1/model_fp32_bn.onnx', ...imagenet('vww'), agreement: 0.98, arenaBytes: 56 * 1024 },
  { model: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', ...imagenet('squeezenet'), agreement: 0.94, scalarSamples: 100 },
  {
    model: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx',
    ...imagenet('mobilenetv2'),
    agreement: 0.96,
    scalarSamples: 100,
  },
];

interface Compiled {
  readonly packedBytes: number;
  readonly arenaBytes: number;
  readonly floatIslands: readonly unknown[];
  readonly seconds: number;
}

interface Evaluated {
  readonly metric: string;
  readonly int8: number;
  readonly float: number;
  readonly agreement: number;
  readonly sqnr: number;
  readonly samples: number;
  readonly outputCrc32: string;
}

const run = promisify(execFile);

async function whittle<T>(...argv: string[]): Promise<T> {
  const { stdout } = await run('node', [join(packageRoot, 'dist', 'whittle.js'), ...argv, '--json'], { maxBuffer: 1 << 28 });
  return JSON.parse(stdout) as T;
}

describeWithSharedData('real models on the command line', () => {
  test('Silero VAD is refused with every reason at once', async () => {
    const failure = (await whittle('check', sharedData('import-smoke/silero_vad_v5.onnx')).catch(
      (error: { code: number; stdout: string }) => error,
    )) as { code: number; stdout: string };
    expect(failure.code).toBe(3);
    const { ok, problems } = JSON.parse(failure.stdout);
    expect(ok).toBe(false);
    for (const problem of problems) expect(Object.keys(problem)).toEqual(['node', 'operator', 'reason', 'fix']);
    const operators = new Set(problems.map(({ operator }: { operator: string }) => operator));
    for (const operator of ['Input', 'Equal', 'If', 'LSTM']) expect(operators).toContain(operator);
  });

  const folder = mkdtempSync(join(tmpdir(), 'whittle-acceptance-'));
  const rows: string[] = [];
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    console.log(['', ...rows, ''].join('\n'));
  });

  test('the AD autoencoder keeps 25 dB on synthetic frames', async () => {
    const onnx = sharedData('ad-autoencoder/model_fp32_bn.onnx');
    syntheticFrames(join(folder, 'calibration.npy'), 100, 1);
    syntheticFrames(join(folder, 'evaluation.npy'), 500, 2);
    const packed = join(folder, 'ad.whittle');
    const compiled = await whittle<Compiled>('compile', onnx, '--samples', join(folder, 'calibration.npy'), '-o', packed);
    const { sqnr } = await whittle<Evaluated>('eval', packed, '--samples', join(folder, 'evaluation.npy'), '--reference', onnx);
    rows.push(
      `${'ad-autoencoder/model_fp32_bn.onnx'.padEnd(60)} SQNR ${sqnr.toFixed(1)} dB on synthetic frames, file ${compiled.packedBytes} B`,
    );
    expect(compiled.floatIslands).toEqual([]);
    expect(sqnr).toBeGreaterThanOrEqual(25);
  });

  test.for([
    { model: 'import-smoke/ch_ppocr_mobile_v2.0_cls_infer.onnx', shape: ['--input', 'x=1,3,48,192'] },
    { model: 'import-smoke/Ultraface_version-RFB-320.onnx', shape: [] },
  ])('$model compiles to int8 and runs', async ({ model, shape }) => {
    const onnx = sharedData(model);
    const photographs = ['--samples', sharedData('imagenet-sample1000/dev/jpg'), '--limit', '20'];
    const packed = join(folder, `${model.replaceAll('/', '-')}.whittle`);
    const compiled = await whittle<Compiled>('compile', onnx, ...shape, ...photographs, '-o', packed);
    const evaluated = await whittle<Evaluated>('eval', packed, ...photographs);
    rows.push(`${model.padEnd(60)} float islands: ${JSON.stringify(compiled.floatIslands)}`);
    expect(evaluated.samples).toBe(20);
  });

  test.for(cases)('$model', async ({ model, calibration, evaluation, drop, agreement, packedBytes, arenaBytes, scalarSamples }) => {
    const onnx = sharedData(model);
    const packed = join(folder, `${model.replaceAll('/', '-')}.whittle`);
    const compiled = await whittle<Compiled>('compile', onnx, '--samples', sharedData(calibration), '--limit', '100', '-o', packed);
    const samples = ['--samples', sharedData(evaluation)];
    const evaluated = await whittle<Evaluated>('eval', packed, ...samples, '--reference', onnx);
    const bench = await whittle<{ codeGzipBytes: number; codeBytes: number }>('bench', packed, '--max-secs', '1');
    rows.push(
      `${model.padEnd(60)} ${evaluated.samples} samples, float ${evaluated.float} int8 ${evaluated.int8} agreement ${evaluated.agreement} crc ${evaluated.outputCrc32} | ` +
        `file ${compiled.packedBytes} B, arena ${compiled.arenaBytes} B, wasm ${bench.codeBytes} B (${bench.codeGzipBytes} gzip), compiled in ${compiled.seconds.toFixed(1)} s`,
    );

    expect(compiled.floatIslands).toEqual([]);
    if (drop !== undefined) expect(100 * (evaluated.float - evaluated.int8)).toBeLessThanOrEqual(drop + 1e-9);
    if (agreement !== undefined) expect(evaluated.agreement).toBeGreaterThanOrEqual(agreement);
    if (packedBytes !== undefined) expect(compiled.packedBytes).toBeLessThanOrEqual(packedBytes);
    if (arenaBytes !== undefined) expect(compiled.arenaBytes).toBeLessThanOrEqual(arenaBytes);
    expect(bench.codeGzipBytes).toBeLessThanOrEqual(6 * 1024);

    const { outputs } = await whittle<{ outputs: readonly unknown[] }>('run', packed, '--input', sharedData(evaluation));
    expect(outputs.length).toBe(1);

    const on = (host: string, variant: string, ...some: string[]) =>
      whittle<Evaluated>('eval', packed, ...samples, ...some, '--on', host, '--variant', variant);
    if (requireTool('chromium')) expect((await on('chromium', 'simd')).outputCrc32, 'Chromium').toBe(evaluated.outputCrc32);
    const some = scalarSamples === undefined ? [] : ['--limit', String(scalarSamples)];
    const here = scalarSamples === undefined ? evaluated : await on('node', 'simd', ...some);
    const scalar = await on('node', 'scalar', ...some);
    expect(scalar.samples).toBe(scalarSamples ?? evaluated.samples);
    expect(scalar.outputCrc32, 'scalar').toBe(here.outputCrc32);
  });
});
