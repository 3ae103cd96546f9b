/** Programs that devices start end with whittle, however that ends. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { Child, requireProgram } from '../../devices/child-process.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > 10_000) expect.fail(`not so within 10 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A program that starts another, and tells both numbers and its folder. */
const script = `import { Child } from '${join(packageRoot, 'dist', 'devices', 'child-process.js')}';
const child = Child.start((folder) => ['sh', '-c', 'sleep 1000 & echo $$ $! ' + folder + '; wait']);
const [text] = await child.waitForOutput(/.*\\n/, 'sleep');
console.log(text);
setInterval(() => {}, 1000);`;

test.for(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('%s to whittle ends the whole group and removes its folder', async (signal) => {
  const whittle = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const text = await new Promise<string>((resolve) => whittle.stdout.once('data', (data) => resolve(String(data))));
  const [parent, grandchild, folder] = text.trim().split(' ') as [string, string, string];
  expect([isAlive(+parent), isAlive(+grandchild), existsSync(folder)]).toEqual([true, true, true]);
  whittle.kill(signal);
  await until(() => !isAlive(+parent) && !isAlive(+grandchild) && !existsSync(folder));
});

test('kill ends the whole group; the folder is gone when it resolves', async () => {
  const child = Child.start((folder) => ['sh', '-c', `sleep 1000 & echo $$ $! ${folder}; wait`]);
  const [, parent, grandchild, folder] = (await child.waitForOutput(/(\d+) (\d+) (.*)\n/, 'sleep')) as unknown as string[];
  await child.kill();
  expect(existsSync(folder as string)).toBe(false);
  await until(() => !isAlive(Number(parent)) && !isAlive(Number(grandchild)));
});

test('a program that ends too early, says nothing or is missing is named', async () => {
  const ending = Child.start(() => ['sh', '-c', 'echo no display >&2; exit 3']);
  await expect(ending.waitForOutput(/ready/, 'Firefox')).rejects.toThrow(
    'Firefox ended before it was ready (exit code 3); it said: no display',
  );
  await ending.kill();
  const silent = Child.start(() => ['sleep', '1000']);
  await expect(silent.waitForOutput(/ready/, 'Firefox', 0.05)).rejects.toThrow('Firefox was not ready within 0.05 s');
  await silent.kill();
  const missing = { title: 'Netscape', names: ['netscape-4'], variable: 'WHITTLE_NETSCAPE', fix: 'find a museum' };
  expect(() => requireProgram(missing)).toThrow('no Netscape found; install it (find a museum) or set WHITTLE_NETSCAPE to its path');
  process.env.WHITTLE_NETSCAPE = '/nowhere';
  try {
    expect(() => requireProgram(missing)).toThrow('WHITTLE_NETSCAPE=/nowhere is no program; correct it, or unset it');
  } finally {
    delete process.env.WHITTLE_NETSCAPE;
  }
});
