/**
 * Instructions of the five networks on the emulated boards, per layer, beside CMSIS-NN's and the budgets:
 *
 *     npm run bench:boards [-- --board NAME[,NAME]] [-- --model NAME[,NAME]] [-- --json] [-- --write]
 *
 * Deterministic, whatever else the machine does. `--write` makes the counts the budgets of
 * test/acceptance/instruction-budgets.acceptance.ts. Needs ../shared/data.
 */
import { writeFileSync } from 'node:fs';
import { boardNamed } from '../../targets/boards/index.ts';
import { boardModelSources, compileBoardModel } from '../devices/qemu/board-models.ts';
import { compareWithCmsisNn } from '../devices/qemu/cmsis-nn.ts';
import { budgetsFile, type Count, countedBoards, countInstructions, readBudgets } from '../devices/qemu/count-instructions.ts';

function optionOf(name: string, otherwise: readonly string[]): readonly string[] {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1]?.split(',') ?? otherwise);
}

const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(2)} %`;

function countText(board: string, model: string, { variant, instructions, layers }: Count, budget: number | undefined): string {
  const compared = new Map(compareWithCmsisNn(boardNamed(board).core, model, layers).map((row) => [row.layer, row]));
  const row = ({ name, op, instructions: counted, macs }: Count['layers'][number]) => {
    const figure = compared.get(name);
    const rate = macs ? (counted / macs).toFixed(2) : '';
    const ratio = figure ? `${(counted / figure.cmsisNn).toFixed(3)} x CMSIS-NN, ${figure.shape}` : '';
    return `  ${name.padEnd(24)} ${op.padEnd(16)} ${String(counted).padStart(11)} ${rate.padStart(6)}  ${ratio}`.trimEnd();
  };
  const against = budget === undefined ? 'no budget' : `budget ${budget}, ${percent(instructions / budget)}`;
  return [`${board} (${variant}) ${model}: ${instructions} instructions (${against})`, ...layers.map(row), ''].join('\n');
}

const budgets: Record<string, Record<string, number>> = structuredClone(readBudgets());
const documents: (Count & { readonly board: string; readonly model: string })[] = [];
const models = optionOf(
  '--model',
  boardModelSources.map(({ name }) => name),
);
for (const source of boardModelSources.filter(({ name }) => models.includes(name))) {
  const compiled = await compileBoardModel(source);
  for (const board of optionOf('--board', countedBoards)) {
    const count = await countInstructions(board, compiled);
    documents.push({ board, model: source.name, ...count });
    if (!process.argv.includes('--json')) console.log(countText(board, source.name, count, budgets[board]?.[source.name]));
    budgets[board] = { ...budgets[board], [source.name]: count.instructions };
  }
}
if (process.argv.includes('--json')) console.log(JSON.stringify(documents, undefined, 2));
if (process.argv.includes('--write')) writeFileSync(budgetsFile, `${JSON.stringify(budgets, undefined, 2)}\n`);
