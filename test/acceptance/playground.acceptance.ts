/** The playground compiles a real model in the browser to the bytes of the command line, while somebody waits. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile } from '../../compiler/cli/compile.ts';
import { runCli } from '../compiler/cli/run-cli.ts';
import { Playground } from '../devices/playground/playground.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

/** Seconds that a visitor may wait for an int8 ResNet-8: a requirement of the product, far from what it takes (about 2). */
const PATIENCE = 15;

describeWithSharedData('the playground', () => {
  test('ResNet-8 to int8: the bytes of the command line', async () => {
    const [onnx, samples] = [sharedData('ic-resnet8/model_fp32_bn.onnx'), sharedData('ic-resnet8/calibration.dataset.json')];
    const folder = mkdtempSync(join(tmpdir(), 'whittle-playground-'));
    const playground = await Playground.open();
    try {
      await playground.drop([onnx, samples, sharedData('ic-resnet8/calib_train/x.bin'), sharedData('ic-resnet8/calib_train/y.u8')]);
      const { stage, problems, facts } = await playground.compile();
      expect(problems).toBe('');
      expect(stage).toBe('Done.');
      const packed = join(folder, 'r8.whittle');
      expect((await runCli([compile], ['compile', onnx, '--samples', samples, '--limit', '100', '-o', packed])).exitCode).toBe(0);
      expect(await playground.saved()).toEqual(new Uint8Array(readFileSync(packed)));
      expect(Number(/compiled in\s+([\d.]+) s/.exec(facts)?.[1])).toBeLessThanOrEqual(PATIENCE);
    } finally {
      await playground.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
