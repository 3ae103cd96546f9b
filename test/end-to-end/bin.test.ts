/** The real program: built by test/build.ts, run by Node as a user would. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot, version } from '../../compiler/root.ts';
import { type TinyModel, writeTinyModel } from '../compiler/cli/tiny-model.ts';
import { scratchFolder } from '../compiler/samples/scratch.ts';

const scratch = scratchFolder();
const bin = join(packageRoot, 'dist', 'whittle.js');
let tiny: TinyModel;

function whittle(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { encoding: 'utf8', cwd: scratch.folder });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  tiny = await writeTinyModel(scratch);
});

describe('the program', () => {
  it('compiles, inspects, runs and evaluates', () => {
    expect(whittle('check', tiny.onnx)).toMatchObject({ status: 0, stderr: '' });
    const compiled = whittle('compile', tiny.onnx, '--samples', tiny.samples, '--json');
    expect(compiled).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(compiled.stdout).output).toBe('tiny.whittle');
    expect(existsSync(scratch.path('tiny.whittle'))).toBe(true);
    expect(whittle('inspect', 'tiny.whittle')).toMatchObject({ status: 0, stderr: '' });
    const evaluated = whittle('eval', 'tiny.whittle', '--samples', tiny.samples, '--reference', tiny.onnx, '--json');
    expect(evaluated).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ metric: 'top1', samples: 12 });
    const ran = whittle('run', 'tiny.whittle', '--input', tiny.samples, '--json');
    expect(JSON.parse(ran.stdout).outputs[0].top).toHaveLength(3);
  });

  it('has exit codes and messages that a user can act on', () => {
    expect(whittle('compil')).toEqual({ status: 2, stdout: '', stderr: "whittle: unknown command 'compil'\n(Did you mean compile?)\n" });
    expect(whittle('check', 'nothing.onnx', '--json')).toMatchObject({ status: 8, stdout: expect.stringMatching(/^\{"error":/) });
    expect(whittle('--version').stdout).toContain(version);
  });

  it('ends with 130 on Ctrl-C and leaves no file', async () => {
    const count = 200_000;
    scratch.write('many.bin', new Uint8Array(count * 48));
    const samples = { file: 'many.bin', dtype: 'uint8', shape: [count, 4, 4, 3], layout: 'NHWC' };
    const many = scratch.write('many.dataset.json', JSON.stringify({ samples }));
    const child = spawn(process.execPath, [bin, 'compile', tiny.onnx, '--samples', many, '-o', 'never.whittle', '-v'], {
      cwd: scratch.folder,
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
      // Calibration follows, and takes far longer than a signal.
      if (said.includes('import')) child.kill('SIGINT');
    });
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(readdirSync(scratch.folder).filter((name) => name.startsWith('never'))).toEqual([]);
  });
});
