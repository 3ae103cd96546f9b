import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { check } from '../../../compiler/cli/check.ts';
import { onnxImporters } from '../../../compiler/ops/index.ts';
import { describeWithSharedData, sharedData } from '../../shared-data.ts';
import { encodeOnnx, onnxNode } from '../ops/onnx-case.ts';
import { scratchFolder } from '../samples/scratch.ts';
import { jsonOf, runCli } from './run-cli.ts';

const scratch = scratchFolder();
const run = (...argv: string[]) => runCli([check], ['check', ...argv]);
const x = { type: 'float32', shape: [1, 4], data: [] } as const;

const fine = scratch.write('fine.onnx', encodeOnnx({ nodes: [onnxNode('Relu', ['x'], 'y')], inputs: { x }, outputs: { y: 'float32' } }));
const bad = scratch.write(
  'bad.onnx',
  encodeOnnx({
    nodes: [onnxNode('Det', ['x'], 'a'), onnxNode('Relu', ['x'], 'b'), onnxNode('NonZero', ['b'], 'y')],
    inputs: { x },
    outputs: { y: 'float32' },
  }),
);

/** x [1, width, 4] with a symbolic width. */
function symbolicModel(): Uint8Array {
  const shape = { dim: [{ dimValue: 1 }, { dimParam: 'width' }, { dimValue: 4 }] };
  return onnxProto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'symbolic',
      node: [onnxNode('Relu', ['x'], 'y')],
      input: [{ name: 'x', type: { tensorType: { elemType: 1, shape } } }],
      output: [{ name: 'y' }],
    },
  }).finish();
}

describe('whittle check', () => {
  it('says yes', async () => {
    expect(await run(fine)).toEqual({ exitCode: 0, stdout: `${fine}: can be compiled\n`, stderr: '' });
    expect(jsonOf(await run(fine, '--json'))).toEqual({ ok: true, model: fine, problems: [], operators: { Relu: 1 }, floatIslands: [] });
  });

  it('lists every reason, with a fix, and ends with 3', async () => {
    const result = await run(bad, '--json');
    expect(result.exitCode).toBe(3);
    const report = jsonOf(result);
    expect(report.ok).toBe(false);
    expect(report.operators).toEqual({ Det: 1, Relu: 1, NonZero: 1 });
    const fix = 'replace it with supported operators (whittle check --ops lists them) or cut the model before it';
    expect(report.problems).toEqual([
      { node: 'a', operator: 'Det', reason: 'the operator is not supported', fix },
      { node: 'y', operator: 'NonZero', reason: 'the operator is not supported', fix },
    ]);
    expect((await run(bad)).stdout).toBe(
      [
        `${bad}: cannot be compiled, 2 reason(s)`,
        '  Det "a"',
        '    why  the operator is not supported',
        `    fix  ${fix}`,
        '  NonZero "y"',
        '    why  the operator is not supported',
        `    fix  ${fix}`,
        '',
      ].join('\n'),
    );
  });

  it('takes shapes for open dimensions', async () => {
    const path = scratch.write('symbolic.onnx', symbolicModel());
    expect(jsonOf(await run(path, '--json')).problems).toMatchObject([{ node: 'x', fix: 'fix the shape with --input x=1,?,4' }]);
    expect((await run(path, '--input', 'x=1,9,4')).exitCode).toBe(0);
    expect((await run(path, '--input', 'z=1,9,4')).stderr).toContain('--input z: the model has no such input; its inputs are x');
    expect((await run(path, '--input', 'x=1,nine')).exitCode).toBe(2);
  });

  it('says what is wrong with a file', async () => {
    const missing = await run(scratch.path('missing.onnx'), '--json');
    expect(missing.exitCode).toBe(8);
    expect(jsonOf(missing).error.message).toContain('missing.onnx: ');
    const text = await run(scratch.write('text.onnx', 'this is not a model'));
    expect(text.exitCode).toBe(8);
    expect(text.stderr).toContain('text.onnx: is not an ONNX file');
    expect((await run()).exitCode).toBe(2);
  });

  it('lists the operators that are imported, by precision', async () => {
    const { operators } = jsonOf(await run('--ops', '--json'));
    expect(operators.map(({ operator }: { operator: string }) => operator).sort()).toEqual([...onnxImporters.keys()].sort());
    expect(operators).toContainEqual({ operator: 'Conv', becomes: 'Conv2d', precision: 'int8' });
    expect((await run('--ops')).stdout).toMatch(/^Conv +Conv2d +int8$/m);
  });
});

describeWithSharedData('whittle check of control flow', () => {
  it('refuses Silero VAD with every reason at once', async () => {
    const result = await run(sharedData('import-smoke/silero_vad_v5.onnx'), '--input', 'input=1,512', '--input', 'state=2,1,128', '--json');
    expect(result.exitCode).toBe(3);
    const { problems } = jsonOf(result);
    expect(problems.some(({ operator, fix }: { operator: string; fix: string }) => operator === 'If' && fix.includes('control flow'))).toBe(
      true,
    );
    for (const problem of problems) expect(Object.values(problem).every(Boolean)).toBe(true);
  });
});
