import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../compiler/root.ts';
import { canEmulate, startBoard } from '../serial/emulated.ts';

/** Runs the verb while `lines` are typed. */
async function whittle(argv: readonly string[], lines: readonly string[]): Promise<{ stdout: string; code: number | null }> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'whittle.js'), 'monitor', ...argv]);
  let stdout = '';
  child.stdout.on('data', (data) => (stdout += data));
  for (const line of lines) child.stdin.write(`${line}\n`);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { stdout, code };
}

describe.skipIf(!canEmulate('mps2-an386'))('whittle monitor', () => {
  test('shows what the board says, passes on what is typed, and asks what it is', async () => {
    const { wire, machine } = await startBoard('mps2-an386');
    await wire.close();
    const console = await whittle(['--port', machine.port, '--seconds', '30', '--until', 'results', '--json'], ['name%', 'help%']);
    expect(console.code).toBe(0);
    const { lines } = JSON.parse(console.stdout) as { lines: string[] };
    expect(lines).toContain('m-name-dut-[whittle]');
    expect(lines.some((line) => line.startsWith('db load N'))).toBe(true);

    const info = await whittle(['--port', machine.port, '--info', '--json'], []);
    expect(JSON.parse(info.stdout)).toMatchObject({ board: 'mps2-an386', core: 'cortex-m4', clock: 'SysTick', slots: 2 });
  });

  test('a port that does not exist is an error of the device', async () => {
    const { stdout, code } = await whittle(['--port', '/dev/ttyNONE', '--json'], []);
    expect(code).toBe(6);
    expect(JSON.parse(stdout).error.message).toMatch(/there is no such port/);
  });
});
