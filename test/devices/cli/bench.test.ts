/** `whittle bench` of several models and devices: in turns, and what is said about it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../../../compiler/errors.ts';
import { benchInTurns } from '../../../devices/bench-in-turns.ts';
import { bench } from '../../../devices/cli/bench.ts';
import { comparisonText } from '../../../devices/cli/comparison.ts';
import type { Device } from '../../../devices/device.ts';
import { openDevice } from '../../../devices/index.ts';
import { comparisonReportSchema } from '../../../devices/report-schema.ts';
import { jsonOf, runCli } from '../../compiler/cli/run-cli.ts';
import { smallModel } from '../../small-model.ts';
import { bench as report } from '../report/documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'whittle-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [a, b] = [1, 7].map((seed) => {
  const path = join(folder, `${seed}.whittle`);
  writeFileSync(path, smallModel(seed));
  return path;
}) as [string, string];

test('two models on one device: each keeps its own outputs, the second has its ratio to the first', async () => {
  const printed = jsonOf(await runCli([bench], ['bench', a, b, '--max-secs', '1', '--profile', '--json']));
  const { runs } = comparisonReportSchema.parse(printed);
  expect(runs.map(({ name }) => name)).toEqual([a, b]);
  const [first, second] = runs;
  expect(first?.report.outputCrc32).not.toBe(second?.report.outputCrc32);
  expect(first?.report.raw).toHaveLength(second?.report.raw.length ?? 0);
  expect(second?.report.perLayer).toHaveLength(2);
  expect(first?.ratio).toBeUndefined();
  const [low, high] = second?.confidence ?? [0, 0];
  expect(low).toBeGreaterThan(0);
  expect(second?.ratio).toBeGreaterThanOrEqual(low);
  expect(second?.ratio).toBeLessThanOrEqual(high);
});

test('one model on two devices is told apart by their names', async () => {
  const { stdout } = await runCli([bench], ['bench', a, '--on', 'node', '--on', 'node', '--max-secs', '1']);
  expect(stdout).toMatch(
    /in turns +variant +median[\s\S]*\nnode +\w+ [\s\S]*\nnode: (no difference from|[\d.]+ % (less|more) time than) node/,
  );
});

test('the verdict follows the interval', () => {
  const run = (name: string, ratio: number, confidence: [number, number]) => ({ name, report: report('node', 100), ratio, confidence });
  const runs = [
    { name: 'first', report: report('phone', 100) },
    run('half', 0.5, [0.49, 0.51]),
    run('slow', 1.25, [1.2, 1.3]),
    run('same', 1.01, [0.99, 1.03]),
  ];
  const lines = comparisonText({ schemaVersion: 1, runs }).split('\n').slice(-4);
  expect(lines).toEqual([
    'half: 50.0 % less time than first (2.00x)',
    'slow: 25.0 % more time than first (1.25x)',
    'same: no difference from first can be told',
    'first: its latency means nothing, see above',
  ]);
});

test('a device that holds one model at a time is refused', async () => {
  const device = { name: 'serial:/dev/ttyX' } as Device;
  const contestants = [a, b].map((name) => ({ name, model: smallModel(), device }));
  await expect(benchInTurns(contestants)).rejects.toThrow(/serial:\/dev\/ttyX holds one model at a time; measure them one by one/);
});

test('instructions are not compared in turns', async () => {
  const device = await openDevice('node');
  const clock = await device.clock();
  device.clock = async () => ({ ...clock, counts: 'instructions' });
  const comparison = benchInTurns([a, b].map((name) => ({ name, model: smallModel(), device })));
  await expect(comparison).rejects.toThrow(UsageError);
  await expect(comparison).rejects.toThrow(/node counts instructions/);
  await device.close();
});
