/** Issue 6, acceptance 5: what a page downloads beside the model. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compileFile } from '../../compiler/compile-file.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { browserTarget } from '../../targets/browser/target.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const LIMIT_BYTES = 10 * 1024;

describeWithSharedData('the browser package of DS-CNN', () => {
  test('loader and the largest runtime are at most 10 KB gzip', async () => {
    const { bytes } = await compileFile(sharedData('kws-dscnn/model_fp32.onnx'), {
      name: 'dscnn',
      seed: 0,
      samples: sharedData('kws-dscnn/dev.dataset.json'),
      limit: 50,
    });
    const folder = mkdtempSync(join(tmpdir(), 'whittle-web-size-'));
    try {
      await browserTarget.package(readPackedModel(bytes), folder, { name: 'dscnn' });
      const gzipBytes = (name: string) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
      const loader = gzipBytes('index.js') + gzipBytes('loader.js');
      const [scalar, simd, relaxed] = ['scalar', 'simd', 'relaxed'].map((variant) => loader + gzipBytes(`runtime-${variant}.wasm`));
      console.log(
        `gzip: loader ${loader}, with scalar ${scalar}, simd ${simd}, relaxed ${relaxed} bytes; pictures ${gzipBytes('image.js')} more`,
      );
      expect(Math.max(simd as number, relaxed as number)).toBeLessThanOrEqual(LIMIT_BYTES);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
