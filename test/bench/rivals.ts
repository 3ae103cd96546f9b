/**
 * What every method alone makes of ResNet-8 at 60 KB, its strength tuned to the size: bytes and drop on the dev set.
 *
 *     npm run bench:rivals [-- --json] [-- --only TEXT]
 *
 * A full run takes long; what is measured is kept in dist/bench/rivals.json, and the next call goes on from there.
 * The strongest are the rivals of test/acceptance/search.acceptance.ts. Needs ../shared/data.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../compiler/root.ts';
import { Contest, type Rival } from './rivals/contest.ts';
import { families } from './rivals/families.ts';

const BUDGET = 60 * 1024;
const cache = join(packageRoot, 'dist', 'bench', 'rivals.json');
const only = process.argv[process.argv.indexOf('--only') + 1] as string;
const chosen = process.argv.includes('--only') ? families.filter(({ name }) => name.includes(only)) : families;

type Measured = Rival | { readonly name: string; readonly error: string };

const known: Record<string, Measured> = existsSync(cache) ? JSON.parse(readFileSync(cache, 'utf8')) : {};
const contest = await Contest.open();
for (const family of chosen) {
  if (known[family.name]) continue;
  const start = performance.now();
  const measured: Measured = await contest
    .strongest(family, BUDGET)
    .catch((error: Error) => ({ name: family.name, error: error.message.split('\n')[0] as string }));
  known[family.name] = measured;
  writeFileSync(cache, JSON.stringify(known, null, 1));
  console.error(`${family.name}: ${JSON.stringify(measured)} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

const rows = chosen.map(({ name }) => known[name] as Measured);
if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 1));
else {
  const rank = (row: Measured) => ('drop' in row ? (row.drop as number) : Number.POSITIVE_INFINITY);
  for (const row of rows.sort((a, b) => rank(a) - rank(b))) {
    if ('error' in row) console.log(`${row.name.padEnd(62)} cannot run: ${row.error}`);
    else
      console.log(
        `${row.name.padEnd(62)} ${String(row.size).padStart(6)} bytes  ${row.drop === undefined ? 'at its strongest' : `drop ${row.drop.toFixed(2)}`}  ${JSON.stringify({ ...row.setting.step, ...row.setting.quantize })}`,
      );
  }
}
