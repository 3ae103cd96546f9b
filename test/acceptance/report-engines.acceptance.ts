/** The report page from disk in Chromium, Firefox and WebKit: no requests, accessible (axe-core), the numbers of the documents. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { browserEngines } from '../../devices/browser/device.ts';
import { loadRuns } from '../../devices/report/documents.ts';
import { reportPage } from '../../devices/report/page.ts';
import { bench, compiled, evaluated } from '../devices/report/documents.ts';
import { requireTool } from '../require-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documents = { compiled, node: bench('node', 400), phone: bench('phone', 2500), evaluated };
const paths = Object.entries(documents).map(([name, document]) => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
});
const page = join(folder, 'report.html');
writeFileSync(page, reportPage(loadRuns(paths), 'report'));

const tools: Readonly<Record<string, string>> = { chromium: 'chromium', firefox: 'firefox-esr', webkit: 'WebKitWebDriver' };

for (const engine of browserEngines) {
  describe.skipIf(!requireTool(tools[engine.name] as string))(`report.html in ${engine.name}`, () => {
    test('opens from file://, asks for nothing, is accessible and shows the numbers', async () => {
      const browser = await engine.launch();
      try {
        const evaluate = await browser.openPage(pathToFileURL(page).href);
        while (!(await evaluate("document.readyState === 'complete' && document.title === 'report'").catch(() => false)))
          await new Promise((resolve) => setTimeout(resolve, 50));
        expect(await evaluate("performance.getEntriesByType('resource').length")).toBe(0);
        const numbers = (await evaluate("[...document.querySelectorAll('data')].map(({ value }) => Number(value))")) as number[];
        for (const value of [400, 2500, compiled.packedBytes, compiled.arenaBytes, evaluated.int8]) expect(numbers).toContain(value);
        expect(await evaluate("document.querySelectorAll('svg').length")).toBeGreaterThanOrEqual(6);
        const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
        await evaluate(`(() => { ${axe}\n; globalThis.axe = window.axe; return true; })()`);
        const violations = await evaluate('axe.run().then(({ violations }) => violations.map(({ id }) => id))');
        expect(violations).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
}
