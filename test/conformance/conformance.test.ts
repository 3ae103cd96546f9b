/**
 * ONNX's backend tests on the float32 kernels. Every case passes, is refused for a stated reason, or is listed as outdated;
 * a list that is no longer true fails.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { describeWithSharedData } from '../shared-data.ts';
import { caseNames, loadCase, loadModel, outOfScope } from './case.ts';
import { outdated, refusals } from './expectations.ts';
import { judge, type Verdict } from './judge.ts';

const models = new Map(caseNames().map((name) => [name, loadModel(name)]));
const outside = [...models.values()].map(outOfScope).filter((reason) => reason !== undefined);
const cases = [...models].filter(([, model]) => outOfScope(model) === undefined);
const verdicts = new Map<string, Verdict>();

/** The reason under which the case is listed. */
function listedUnder(lists: Readonly<Record<string, readonly string[]>>, name: string): string | undefined {
  return Object.entries(lists).find(([, names]) => names.includes(name))?.[0];
}

/** One line for each reason and how often it occurs, the most frequent first. */
function reasonLines(title: string, reasons: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([reason, count]) => `${title.padEnd(12)} ${String(count).padStart(4)}  ${reason}`);
}

function report(): string {
  const passed = [...verdicts.values()].filter(({ status }) => status === 'passed').length;
  const failed: string[] = [];
  const old: string[] = [];
  const unsupported: string[] = [];
  for (const [name, verdict] of verdicts) {
    if (verdict.status === 'unsupported') unsupported.push(verdict.reason);
    else if (verdict.status === 'failed') (listedUnder(outdated, name) ? old : failed).push(`${name}: ${verdict.reason}`);
  }
  return [
    `ONNX conformance: ${passed} passed, ${failed.length} failed, ${unsupported.length} unsupported, ${old.length} outdated; ${outside.length} are not about float32`,
    ...failed.map((line) => `failed       ${line}`),
    ...reasonLines('unsupported', unsupported),
    ...old.map((line) => `outdated     ${line}`),
    ...reasonLines('other dtype', outside),
  ].join('\n');
}

describeWithSharedData('ONNX conformance', () => {
  afterAll(() => console.log(report()));

  test('every expectation names a case, once', () => {
    const names = cases.map(([name]) => name);
    const listed = [refusals, outdated].flatMap((lists) => Object.values(lists).flat());
    expect(listed.filter((name, i) => !names.includes(name) || listed.indexOf(name) !== i)).toEqual([]);
  });

  describe('cases', () => {
    test.for(cases)('%s', async ([name, model]) => {
      const verdict = await judge(loadCase(name, model));
      verdicts.set(name, verdict);
      const refusal = listedUnder(refusals, name);
      if (refusal !== undefined) {
        expect(verdict.status === 'unsupported' ? verdict.reason : 'not refused: remove it from refusals').toContain(refusal);
      } else if (listedUnder(outdated, name) !== undefined) {
        expect(verdict.status, 'the case passes now: remove it from outdated').toBe('failed');
      } else if (verdict.status !== 'passed') {
        expect.fail(`${verdict.status}, and not listed in test/conformance/expectations.ts: ${verdict.reason}`);
      }
    });
  });
});
