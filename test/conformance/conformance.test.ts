/**
 * ONNX's backend tests on the float32 kernels. Every case passes, is refused for a stated reason, or waits in `pending`;
 * a list that is no longer true fails.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { describeWithSharedData } from '../shared-data.ts';
import { caseNames, loadCase, loadModel, outOfScope } from './case.ts';
import { outdated, pending, refusals } from './expectations.ts';
import { judge, type Verdict } from './judge.ts';

const names = caseNames();
const verdicts = new Map<string, Verdict>();
const foreign = new Map<string, string>();

/** The reason under which the case is listed. */
function listedUnder(lists: Readonly<Record<string, readonly string[]>>, name: string): string | undefined {
  return Object.entries(lists).find(([, cases]) => cases.includes(name))?.[0];
}

function count(status: Verdict['status']): number {
  return [...verdicts.values()].filter((verdict) => verdict.status === status).length;
}

/** reason → number of cases, the most frequent first */
function reasons(list: Iterable<string>): [string, number][] {
  const counts = new Map<string, number>();
  for (const reason of list) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function report(): string {
  const old = [...verdicts.keys()].filter((name) => listedUnder(outdated, name)).length;
  const failed = count('failed') - old;
  const lines = [
    `ONNX conformance: ${count('passed')} passed, ${failed} failed, ${old} outdated, ${count('unsupported')} unsupported (${pending.length} pending), ${foreign.size} not about float32`,
  ];
  const add = (title: string, list: [string, number][]) => {
    for (const [reason, n] of list) lines.push(`${title.padEnd(12)} ${String(n).padStart(4)}  ${reason}`);
  };
  for (const [name, verdict] of verdicts) {
    const reason = listedUnder(outdated, name);
    if (verdict.status === 'failed')
      lines.push(`${reason ? 'outdated' : 'failed'}     ${name}: ${verdict.reason}${reason ? ` (${reason})` : ''}`);
  }
  const unsupported = [...verdicts].flatMap(([name, verdict]) =>
    verdict.status === 'unsupported' ? [`${pending.includes(name) ? 'pending: ' : ''}${verdict.reason}`] : [],
  );
  add('unsupported', reasons(unsupported));
  add('other dtype', reasons(foreign.values()));
  return lines.join('\n');
}

describeWithSharedData('ONNX conformance', () => {
  afterAll(() => console.log(report()));

  test('every expectation names a case, once', () => {
    const listed = [...Object.values(refusals).flat(), ...Object.values(outdated).flat(), ...pending].filter(
      (name) => !name.startsWith('light/'),
    );
    expect(listed.filter((name, i) => !names.includes(name) || listed.indexOf(name) !== i)).toEqual([]);
  });

  describe('cases', () => {
    test.for(names)('%s', async (name) => {
      const model = loadModel(name);
      const reason = outOfScope(model);
      if (reason) {
        foreign.set(name, reason);
        return;
      }
      const verdict = await judge(loadCase(name, model));
      verdicts.set(name, verdict);
      const refusal = listedUnder(refusals, name);
      if (refusal !== undefined) {
        expect(verdict.status === 'unsupported' ? verdict.reason : 'not refused: remove it from refusals').toContain(refusal);
      } else if (listedUnder(outdated, name) !== undefined) {
        expect(verdict.status, 'the case passes now: remove it from outdated').toBe('failed');
      } else if (pending.includes(name)) {
        expect(verdict.status, 'the case passes now: remove it from pending in test/conformance/expectations.ts').not.toBe('passed');
      } else if (verdict.status !== 'passed') {
        expect.fail(`${verdict.status}, and not listed in test/conformance/expectations.ts: ${verdict.reason}`);
      }
    });
  });
});
