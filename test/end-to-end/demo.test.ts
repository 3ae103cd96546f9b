/** `npm run demo` as a newcomer runs it, and its page as their browser shows it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { CdpBrowser, findChromium } from '../../devices/browser/chromium.ts';
import { requireTool } from '../require-tool.ts';

describe('the demo', () => {
  const page = join(packageRoot, 'dist', 'demo', 'index.html');
  let printed = '';
  beforeAll(() => {
    printed = execFileSync('npm', ['run', '--silent', 'demo'], {
      cwd: packageRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }, 120_000);

  test('prints size, accuracy and latency before and after', () => {
    for (const row of ['model file', 'memory (arena)', 'accuracy (1000 images)', 'latency in Node, median']) expect(printed).toContain(row);
    const [, float, int8] = /accuracy \(1000 images\)\s+([\d.]+) %\s+([\d.]+) %/.exec(printed) ?? [];
    expect(Number(float)).toBeGreaterThan(98);
    expect(Number(int8)).toBeGreaterThan(Number(float) - 0.5);
  });

  test('writes one page without links to anything outside it', () => {
    const html = readFileSync(page, 'utf8');
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html).not.toMatch(/https?:\/\//);
  });

  test.skipIf(!requireTool('chromium'))('its page, opened from file:// in Chromium, gives every answer that Node gives', async () => {
    const browser = CdpBrowser.launch(findChromium());
    try {
      const evaluate = await browser.openPage(pathToFileURL(page).href);
      while (!(await evaluate("document.body?.dataset.ready === 'true'").catch(() => false)))
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await evaluate("document.getElementById('summary').textContent")).toMatch(/1000 of 1000 answers as in Node/);
      expect(await evaluate("document.querySelectorAll('figure').length")).toBe(200);
    } finally {
      await browser.close();
    }
  });
});
