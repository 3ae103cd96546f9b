/** The commands of README.md on real models, run as a user runs them. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const scratch = scratchFolder();

function whittle(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot, 'dist', 'whittle.js'), ...argv, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stderr, document: JSON.parse(stdout) };
}

describeWithSharedData('the command line on real models', () => {
  test('ResNet-8: check, compile, eval on both variants, run', () => {
    const model = sharedData('ic-resnet8/model_fp32_bn.onnx');
    const evaluation = sharedData('ic-resnet8/dev.dataset.json');
    const packed = scratch.path('resnet8.whittle');
    expect(whittle('check', model)).toMatchObject({ status: 0, document: { ok: true, problems: [] } });

    const compiled = whittle(
      'compile',
      model,
      '--samples',
      sharedData('ic-resnet8/calibration.dataset.json'),
      '--limit',
      '200',
      '-o',
      packed,
    );
    expect(compiled).toMatchObject({
      status: 0,
      document: { packedBytes: statSync(packed).size, floatIslands: [], calibrationSamples: 200 },
    });

    const evaluate = (...more: string[]) => whittle('eval', packed, '--samples', evaluation, ...more).document;
    const simd = evaluate('--reference', model);
    expect(simd).toMatchObject({ metric: 'top1', samples: 5000, float: 0.8758, referenceAgreement: 1 });
    expect(simd.float - simd.int8).toBeLessThanOrEqual(0.003);
    expect(evaluate('--variant', 'scalar').outputCrc32).toBe(simd.outputCrc32);

    const [output] = whittle('run', packed, '--input', evaluation, '--index', '0').document.outputs;
    expect(output.top[0]).toMatchObject({ index: 8, label: 'ship' });
  });

  test('Silero VAD is refused with every reason', () => {
    const { status, document } = whittle('check', sharedData('import-smoke/silero_vad_v5.onnx'));
    expect(status).toBe(3);
    expect(document.ok).toBe(false);
    for (const problem of document.problems) expect(Object.keys(problem)).toEqual(['node', 'operator', 'reason', 'fix']);
  });
});
