/** Weights in files beside the model, as PyTorch exports them. */
import { existsSync, readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';

import { compile } from '../../../compiler/cli/compile.ts';
import { inspect } from '../../../compiler/cli/inspect.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { loadOnnx } from '../../../compiler/onnx/load.ts';
import { type PackedModel, readPackedModel } from '../../../compiler/packed/read.ts';
import { readRecords } from '../../../compiler/packed/records.ts';
import { evaluation } from '../../../devices/cli/eval.ts';
import { check } from '../../../targets/cli/check.ts';
import { jsonOf, runCli } from '../cli/run-cli.ts';
import { type TinyModel, writeTinyModel } from '../cli/tiny-model.ts';
import { scratchFolder } from '../samples/scratch.ts';
import { type External, takeOutWeights } from './external-model.ts';

const scratch = scratchFolder();
const verbs = [check, compile, evaluation, inspect];

function moved(onnx: string, to: string, places: Readonly<Record<string, External>>): string {
  return scratch.write(
    to,
    takeOutWeights(onnx, (name) => places[name]),
  );
}

function rawDataOf(onnx: string, name: string): Uint8Array {
  const { model } = loadOnnx(onnx);
  return (model.graph?.initializer ?? []).find((tensor) => tensor.name === name)?.rawData as Uint8Array;
}

function constantsOf(path: string): number[][] {
  return [...importOnnx(loadOnnx(path).model, { name: 'model' }).values.values()].flatMap(({ constant }) =>
    constant ? [Array.from(constant)] : [],
  );
}

describe('weights in other files', async () => {
  const tiny: TinyModel = await writeTinyModel(scratch);
  const [w1, b1, w2] = ['w1', 'b1', 'w2'].map((name) => rawDataOf(tiny.onnx, name)) as [Uint8Array, Uint8Array, Uint8Array];
  // One file at places with a gap between them, and one that a tensor has for itself.
  scratch.write('model.onnx.data', Buffer.concat([w1, new Uint8Array(100), b1]));
  scratch.write('weights/w2.bin', w2);
  const whole = { w1: { location: 'model.onnx.data', offset: 0, length: w1.length }, w2: { location: 'weights/w2.bin' } };
  const external = moved(tiny.onnx, 'model.onnx', {
    ...whole,
    b1: { location: 'model.onnx.data', offset: w1.length + 100, length: b1.length },
  });

  test('are read, and the model is complete', async () => {
    expect(readFileSync(external).length).toBeLessThan(readFileSync(tiny.onnx).length - w1.length);
    expect(constantsOf(external)).toEqual(constantsOf(tiny.onnx));
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(loadOnnx(external).bytes);
    expect(session.outputNames).toEqual(['scores']);
    await session.release();
  });

  test('every verb takes them', async () => {
    const outputs = [tiny.onnx, external].map((_, i) => scratch.path(`${i}.whittle`));
    for (const [i, path] of [tiny.onnx, external].entries())
      expect((await runCli(verbs, ['compile', path, '--samples', tiny.samples, '-o', outputs[i] as string])).exitCode).toBe(0);
    const [own, other] = outputs.map((path) => readPackedModel(readFileSync(path)));
    // The checksum is of the metadata, too, which tell the ONNX file.
    expect({ ...readRecords(other as PackedModel), crc32: 0 }).toEqual({ ...readRecords(own as PackedModel), crc32: 0 });
    const argv = ['eval', outputs[1] as string, '--samples', tiny.samples, '--reference', external, '--json'];
    expect(jsonOf(await runCli(verbs, argv)).referenceAgreement).toBe(1);
    expect((await runCli(verbs, ['check', external])).exitCode).toBe(0);
    expect(jsonOf(await runCli(verbs, ['inspect', external, '--json'])).fileBytes).toBeGreaterThan(w1.length + w2.length);
  });

  test('everything that is wrong with them is said at once', async () => {
    const broken = moved(tiny.onnx, 'broken.onnx', {
      w1: { location: 'gone.data' },
      b1: { location: 'model.onnx.data', offset: w1.length + 101, length: b1.length },
      w2: { location: '../secret' },
      b2: { location: 'gone.data' },
    });
    const output = scratch.path('broken.whittle');
    const { exitCode, stderr } = await runCli(verbs, ['compile', broken, '--samples', tiny.samples, '-o', output]);
    expect(exitCode).toBe(8);
    expect(stderr).toContain('its weights lie in files of their own, 3 problem(s)');
    expect(stderr.match(/gone\.data: does not exist/g)).toHaveLength(1);
    const [from, size] = [w1.length + 101, w1.length + 100 + b1.length];
    expect(stderr).toContain(`tensor "b1" is ${b1.length} bytes from byte ${from} of model.onnx.data on, which has ${size}`);
    expect(stderr).toContain('"../secret" is no file in the model\'s folder');
    expect(stderr).toContain('put the files of the same export beside it');
    expect(existsSync(output)).toBe(false);
  });

  test.for(['', '/etc/hosts', 'a/../../b', 'C:\\w.bin', 'a//b'])('"%s" is refused', (location) => {
    const path = moved(tiny.onnx, 'place.onnx', { ...whole, b1: { location } });
    expect(() => loadOnnx(path)).toThrow(`"${location}" is no file in the model's folder`);
  });
});
