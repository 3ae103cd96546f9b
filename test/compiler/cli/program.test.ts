import { describe, expect, it } from 'vitest';
import { integerOption, type Verb } from '../../../compiler/cli/program.ts';
import { BudgetError, DeviceError, InputFileError, InvalidGraphError, UnsupportedModelError } from '../../../compiler/errors.ts';
import { jsonOf, runCli } from './run-cli.ts';

const problems = [{ node: 'n1', operator: 'Loop', reason: 'why', fix: 'how' }];
const errors: Readonly<Record<string, Error>> = {
  unsupported: new UnsupportedModelError('m.onnx', problems),
  budget: new BudgetError('too large'),
  device: new DeviceError('busy'),
  protocol: new DeviceError('no answer', 7),
  file: new InputFileError('m.onnx: damaged'),
  graph: new InvalidGraphError('after fold-pad: broken'),
  disk: Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' }),
  bug: new TypeError('x is undefined'),
};

const verbs: readonly Verb[] = [
  (program, invocation) => {
    program
      .command('fail')
      .argument('<how>')
      .action((how: string) => {
        throw errors[how];
      });
    program
      .command('report')
      .option('--limit <n>', 'number', integerOption(1))
      .action((options: { limit?: number }) => {
        const { output, seed } = invocation;
        output.note('a note');
        output.detail('a detail');
        for (let i = 1; i <= 2; i++) output.progress('counting', i, 2);
        output.report({ seed, ...options }, (colors) => colors.green('a report'));
        if (options.limit === 5) invocation.exitCode = 5;
      });
  },
];

const run = (...argv: string[]) => runCli(verbs, argv);

describe('exit codes', () => {
  it.each([
    ['unsupported', 3, 'unsupported-model'],
    ['budget', 4, 'budget'],
    ['device', 6, 'device'],
    ['protocol', 7, 'device'],
    ['file', 8, 'input-file'],
    ['graph', 1, 'invalid-graph'],
    ['disk', 8, 'file'],
    ['bug', 1, 'internal'],
  ])('%s → %i', async (how, exitCode, code) => {
    const result = await run('fail', how, '--json');
    expect(result.exitCode).toBe(exitCode);
    expect(jsonOf(result).error.code).toBe(code);
    expect(result.stderr).toBe(`whittle: ${jsonOf(result).error.message}\n`);
  });

  it('holds the problems of an unsupported model as data', async () => {
    expect(jsonOf(await run('fail', 'unsupported', '--json')).error.problems).toEqual(problems);
  });

  it('asks for a report of bugs, and shows where with -v', async () => {
    const result = await run('fail', 'bug');
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/^whittle: x is undefined; this is a bug of whittle: please report it/);
    expect(result.stderr).not.toContain('program.test.ts');
    expect((await run('fail', 'bug', '-v')).stderr).toContain('program.test.ts');
  });

  it.each([
    [['repot'], "unknown command 'repot'\n(Did you mean report?)"],
    [['report', '--limt', '3'], "unknown option '--limt'\n(Did you mean --limit?)"],
    [['report', '--limit', 'many'], "option '--limit <n>' argument 'many' is invalid. expected a whole number of at least 1."],
    [['report', 'surplus'], "too many arguments for 'report'. Expected 0 arguments but got 1."],
    [['fail'], "missing required argument 'how'"],
    [['report', '--seed', '-1'], "option '--seed <number>' argument '-1' is invalid. expected a whole number of at least 0."],
  ])('%j is wrong usage', async (argv, message) => {
    const result = await run(...argv);
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toBe(`whittle: ${message}\n`);
    expect(jsonOf(await run(...argv, '--json'))).toEqual({ error: { code: 'usage', message } });
  });

  it('prints help without a verb, and says that this was no use', async () => {
    const result = await run();
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('Usage: whittle');
  });

  it('is what the verb says when nothing is thrown', async () => {
    expect((await run('report')).exitCode).toBe(0);
    expect((await run('report', '--limit', '5')).exitCode).toBe(5);
  });
});

describe('output', () => {
  it('prints one document with --json, wherever the option stands', async () => {
    for (const argv of [
      ['--json', 'report', '--seed', '7'],
      ['report', '--json', '--seed', '7'],
    ]) {
      const result = await run(...argv);
      expect(jsonOf(result)).toEqual({ seed: 7 });
      expect(result.stderr).toBe('a note\n');
    }
  });

  it('says more with -v and less with -q', async () => {
    expect(await run('report')).toEqual({ exitCode: 0, stdout: 'a report\n', stderr: 'a note\n' });
    expect((await run('report', '-v')).stderr).toBe('a note\na detail\n');
    expect(await run('report', '-q')).toEqual({ exitCode: 0, stdout: 'a report\n', stderr: '' });
  });

  it('uses colours on a terminal unless they are forbidden', async () => {
    const green = '\u001b[32ma report\u001b[39m\n';
    expect((await runCli(verbs, ['report'], { isTTY: true })).stdout).toBe(green);
    expect((await runCli(verbs, ['report', '--no-color'], { isTTY: true })).stdout).toBe('a report\n');
    expect((await runCli(verbs, ['report'], { isTTY: true, env: { NO_COLOR: '1' } })).stdout).toBe('a report\n');
    expect((await runCli(verbs, ['report'], { env: { FORCE_COLOR: '1' } })).stdout).toBe(green);
  });

  it('shows a progress bar on a terminal only, and removes it', async () => {
    const shown = await runCli(verbs, ['report', '--json'], { isTTY: true });
    expect(shown.stderr).toContain('counting   ████████████████████████ 2/2');
    expect(shown.stderr.endsWith('\r\u001b[2K')).toBe(true);
    expect((await runCli(verbs, ['report', '--no-progress'], { isTTY: true })).stderr).toBe('a note\n');
    expect((await runCli(verbs, ['report'], { isTTY: true, env: { CI: 'true' } })).stderr).toBe('a note\n');
  });

  it('prints the version of the tool and of the format', async () => {
    expect((await run('--version')).stdout).toMatch(/^whittle \d+\.\d+\.\d+ \(packed format \d+\)\n$/);
    expect(jsonOf(await run('--version', '--json'))).toEqual({ whittle: expect.any(String), format: expect.any(Number) });
    expect((await run('report', '--help')).exitCode).toBe(0);
  });
});
