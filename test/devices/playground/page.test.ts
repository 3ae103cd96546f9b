import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../../compiler/cli/compile.ts';
import { runCli } from '../../compiler/cli/run-cli.ts';
import { type TinyModel, writeTinyModel } from '../../compiler/cli/tiny-model.ts';
import { splitWeights } from '../../compiler/onnx/external-model.ts';
import { encodeOnnx, onnxNode } from '../../compiler/ops/onnx-case.ts';
import { scratchFolder } from '../../compiler/samples/scratch.ts';
import { requireTool } from '../../require-tool.ts';
import { Playground } from './playground.ts';

const scratch = scratchFolder();

describe.skipIf(!requireTool('chromium'))('the playground', () => {
  let playground: Playground;
  let tiny: TinyModel;

  beforeAll(async () => {
    tiny = await writeTinyModel(scratch);
    playground = await Playground.open();
  });
  afterAll(() => playground?.close());

  test('is accessible, and asks for a model first', async () => {
    expect(await playground.evaluate("document.getElementById('compile').disabled")).toBe(true);
    await playground.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    expect(await playground.evaluate('axe.run().then(({ violations }) => violations.map(({ id }) => id))')).toEqual([]);
  });

  test('names every reason why a model cannot be compiled', async () => {
    const path = scratch.path('strange.onnx');
    const x = { type: 'float32' as const, shape: [1, 4], data: [] };
    scratch.write(
      'strange.onnx',
      encodeOnnx({ nodes: [onnxNode('Det', ['x'], 'a'), onnxNode('NonZero', ['a'], 'y')], inputs: { x }, outputs: { y: 'float32' } }),
    );
    await playground.drop([path]);
    const { stage, problems } = await playground.compile();
    expect(stage).toBe('2 reason(s) why this model cannot be compiled:');
    expect(problems).toMatch(/^ *Det[\s\S]*NonZero/);
  });

  test('an open shape is named, and can be given', async () => {
    const path = scratch.path('open.onnx');
    // A dimension that is not given.
    const x = { type: 'float32' as const, shape: [1, 0], data: [] };
    scratch.write('open.onnx', encodeOnnx({ nodes: [onnxNode('Relu', ['x'], 'y')], inputs: { x }, outputs: { y: 'float32' } }));
    await playground.drop([path]);
    expect((await playground.compile()).problems).toContain('fix the shape with --input x=1,?');
    const write = (shapes: string) => playground.evaluate(`void (document.getElementById('shapes').value = '${shapes}')`);
    await write('x=1,?');
    expect((await playground.compile()).problems).toBe(
      '"x=1,?" is no shape of an input; write name=extent,extent,… such as image=1,3,224,224',
    );
    await write('x=1,8');
    expect((await playground.compile()).stage).toBe('Done.');
    await write('');
  });

  test('what cannot be read is said, and what was there stays', async () => {
    // As a folder that is dropped, or a file that is gone.
    await playground.evaluate("void (File.prototype.arrayBuffer = () => Promise.reject(new Error('not found')))");
    await playground.drop([tiny.onnx]);
    await playground.evaluate('void delete File.prototype.arrayBuffer');
    const text = (id: string) => playground.evaluate(`document.getElementById('${id}').innerText`);
    expect(await text('problems')).toBe('What was dropped cannot be read (a folder is chosen by its files): not found');
    expect(await text('list')).toMatch(/open\.onnx/);
  });

  test('a model alone is calibrated on noise, and says so', async () => {
    await playground.drop([tiny.onnx]);
    const { stage, notes, facts } = await playground.compile();
    expect(stage).toBe('Done.');
    expect(notes).toContain('calibrated on noise');
    expect(facts).toMatch(/latency here/);
  });

  test('weights in a file beside the model are dropped with it, or missed', async () => {
    const { model, weights } = splitWeights(tiny.onnx, 'apart.onnx.data');
    const path = scratch.write('apart.onnx', model);
    scratch.write('apart.onnx.data', weights);
    await playground.drop([path]);
    expect((await playground.compile()).problems).toContain('apart.onnx.data: does not exist');
    await playground.drop([path, `${path}.data`]);
    expect((await playground.compile()).stage).toBe('Done.');
  });

  test('with samples it gives the bytes of the command line, and a report', async () => {
    await playground.drop([tiny.onnx, tiny.samples, scratch.path('x.bin'), scratch.path('y.u8')]);
    const { stage, facts } = await playground.compile();
    expect(stage).toBe('Done.');
    expect(facts).toMatch(/agreement/);
    const packed = scratch.path('command-line.whittle');
    expect((await runCli([compile], ['compile', tiny.onnx, '--samples', tiny.samples, '--limit', '100', '-o', packed])).exitCode).toBe(0);
    expect(await playground.saved()).toEqual(new Uint8Array(readFileSync(packed)));
    expect(await playground.evaluate("document.getElementById('report').srcdoc")).toContain('Arena over time');
  });
});
