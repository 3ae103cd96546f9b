/** The report page in a real Chromium: its numbers, its silence on the network, its accessibility (axe-core). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CdpBrowser, findChromium } from '../../../devices/browser/chromium.ts';
import { report } from '../../../devices/cli/report.ts';
import { loadRuns } from '../../../devices/report/documents.ts';
import { reportPage } from '../../../devices/report/page.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { requireTool } from '../../require-tool.ts';
import { bench, compared, compiled, evaluated, searched } from './documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documents = { compiled, node: bench('node', 400), phone: bench('phone', 2500), evaluated, searched, compared };
const paths = Object.entries(documents).map(([name, document]) => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
});

/** Every number of the documents that the page shows. */
function expectedNumbers(): number[] {
  const { sourceBytes, packedBytes, parameters, constantBytes, arena = [], layers } = compiled;
  const times = [documents.node, documents.phone, ...compared.runs.map(({ report }) => report)].flatMap((document) => {
    const { medianUs, minUs, p90Us, p99Us, madUs, samples, loadUs, firstUs, codeBytes, modelBytes, arenaBytes, perLayer = [] } = document;
    return [
      medianUs,
      minUs,
      p90Us,
      p99Us,
      madUs,
      samples,
      loadUs,
      firstUs,
      codeBytes,
      modelBytes,
      arenaBytes,
      ...perLayer.flatMap(({ us, share }) => [us, share]),
    ];
  });
  return [
    ...[sourceBytes, packedBytes, 4 * parameters, constantBytes],
    ...arena.flatMap(({ offset, bytes, firstStep, lastStep }) => [offset, bytes, firstStep, lastStep]),
    ...layers.flatMap(({ macs, sqnr, cosine }) => [macs, ...(sqnr === undefined ? [] : [sqnr]), ...(cosine === undefined ? [] : [cosine])]),
    ...times,
    ...compared.runs.flatMap(({ ratio = 0, confidence = [] }) => [ratio, ...confidence]),
    ...searchedNumbers(),
    ...[evaluated.int8, evaluated.float, evaluated.agreement, evaluated.sqnr, evaluated.samples].map(Number),
    ...(evaluated.confusion?.int8.flat() ?? []),
    ...(evaluated.confusion?.float?.flat() ?? []),
  ];
}

/** Of the search: every stage and layer, and the candidates of the front only. */
function searchedNumbers(): number[] {
  const { waterfall, layers, candidates = [] } = searched;
  return [
    ...waterfall.flatMap(({ bytes, parameters, nonzeroParameters, macs }) => [bytes, parameters, nonzeroParameters, macs]),
    ...waterfall.flatMap(({ measured }) => (measured ? [measured.top1 ?? measured.agreement] : [])),
    ...layers.flatMap(({ parameters, nonzeroParameters, macs, original, bytes }) => [
      ...[parameters, nonzeroParameters, macs, bytes],
      ...[original?.parameters ?? 0, original?.macs ?? 0],
    ]),
    ...layers.flatMap(({ predictedError = 0, measuredError = 0, sqnr = 0 }) => [predictedError, measuredError, sqnr]),
    ...candidates.filter(({ pareto }) => pareto).flatMap(({ costs, drop, top1 = 0 }) => [costs.size ?? 0, costs.macs ?? 0, drop, top1]),
  ];
}

test('the verb writes the page, and names files that are none of its own', async () => {
  const output = join(folder, 'report.html');
  const printed = jsonOf(await runCli([report], ['report', ...paths, '-o', output, '--json']));
  expect(printed).toMatchObject({ output, compiled: 1, compressed: 1, evaluations: 1, benches: 4 });
  expect(readFileSync(output, 'utf8')).toBe(reportPage(loadRuns(paths), 'whittle report'));
  writeFileSync(join(folder, 'other.json'), '{"x":1}');
  writeFileSync(join(folder, 'broken.json'), '{');
  const stranger = await runCli([report], ['report', join(folder, 'other.json'), '--json']);
  expect(stranger.exitCode).toBe(2);
  expect(jsonOf(stranger).error.message).toContain('other.json: not what whittle compile');
  expect((await runCli([report], ['report', join(folder, 'broken.json'), '--json'])).exitCode).toBe(8);
});

describe.skipIf(!requireTool('chromium'))('the page', () => {
  let browser: CdpBrowser;
  let evaluate: (expression: string) => Promise<unknown>;

  beforeAll(async () => {
    const path = join(folder, 'page.html');
    writeFileSync(path, reportPage(loadRuns(paths), 'A <title>'));
    browser = CdpBrowser.launch(findChromium());
    evaluate = await browser.openPage(pathToFileURL(path).href);
    while (!(await evaluate("document.readyState === 'complete' && document.title !== ''").catch(() => false)))
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(() => browser?.close());

  test('shows the numbers of the documents exactly', async () => {
    const shown = new Set((await evaluate("[...document.querySelectorAll('data')].map(({ value }) => Number(value))")) as number[]);
    const numbers = expectedNumbers();
    // Empty cells of a confusion matrix are plain text.
    for (const value of numbers.filter((count) => count !== 0)) expect(shown).toContain(value);
    expect(shown.size).toBeLessThanOrEqual(new Set(numbers).size + 2);
  });

  test('escapes every name, and asks nothing of the network', async () => {
    expect(await evaluate('document.title')).toBe('A <title>');
    expect(await evaluate("[...document.querySelectorAll('tbody th')].map((cell) => cell.textContent)")).toEqual(
      expect.arrayContaining(['conv "a" & <b>', 'dense <1>', 'low-rank <factors>']),
    );
    const words = (await evaluate("document.querySelector('main').textContent")) as string;
    for (const part of [
      'low-rank: factorized, rank 5, energy 0.912',
      '40 → 20',
      'gone & forgotten: remove-dead-channels: folded',
      'bitmap',
    ])
      expect(words).toContain(part);
    expect(await evaluate("document.querySelectorAll('circle').length")).toBe(3);
    expect(await evaluate("performance.getEntriesByType('resource').length")).toBe(0);
    expect(await evaluate("document.querySelectorAll('script, img, iframe, [src]').length")).toBe(0);
    expect(await evaluate("document.querySelector('.warnings').textContent")).toContain('did not settle');
  });

  test.for(['light', 'dark'])('passes axe-core in the %s scheme', async (scheme) => {
    const { targetInfos } = (await browser.send('Target.getTargets')) as { targetInfos: { targetId: string; url: string }[] };
    const page = targetInfos.find(({ url }) => url.endsWith('page.html'));
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId: page?.targetId, flatten: true });
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }, sessionId as string);
    await evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    const violations = await evaluate(
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).slice(0, 3).join(" | ")))',
    );
    expect(violations).toEqual([]);
  });
});
