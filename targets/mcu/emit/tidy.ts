/**
 * Rewrites of the statements of a function that only make them easier to read: copies that inlining left (`y2 = y`) and
 * names that the translation invented disappear.
 */
import { Scope } from './names.ts';
import { childLists, countAssignments, dropUnread, type List, mentions, type Statement, withChildren } from './statement.ts';

export interface Names {
  /** What the statements call each local, by index; each once in the function. */
  readonly names: readonly string[];
  /** The source's name of a local; undefined: it has none. */
  readonly wanted: readonly (string | undefined)[];
  /** Locals that come first and stay: the function's parameters. */
  readonly parameters: number;
  /** Names of functions. */
  readonly taken: Iterable<string>;
}

/** Longer lines are not made by putting a value where it is used. */
const LONGEST_JOINED = 160;

/** @returns the statements, and the names that locals have in them */
export function tidy(body: List, { names, wanted, parameters, taken }: Names): { body: List; names: readonly string[] } {
  const tidier = new Tidier(body, names, (local) => wanted[local] !== undefined);
  const tidied = dropUnread(tidier.run());
  const scope = new Scope([...taken, ...labelsOf(tidied)]);
  // An invented local whose copy had a name takes that name.
  const nameOf = (local: number) => wanted[local] ?? wanted[tidier.copies.get(local) ?? -1] ?? 'v';
  const chosen = names.map((_, local) =>
    local < parameters || tidied.some((statement) => mentions(statement, local)) ? scope.name(nameOf(local)) : '',
  );
  return { body: renamed(tidied, new Map(names.map((name, local) => [name, chosen[local] as string]))), names: chosen };
}

function labelsOf(list: List): string[] {
  return list.flatMap((statement) => [
    ...(statement.kind === 'block' ? [statement.label] : []),
    ...childLists(statement).flatMap(labelsOf),
  ]);
}

function renamed(list: List, names: ReadonlyMap<string, string>): List {
  return list.map((statement) => {
    const inside = withChildren(statement, (child) => renamed(child, names));
    return inside.kind === 'block'
      ? inside
      : withText(
          inside,
          textOf(inside).replace(/[A-Za-z_]\w*/g, (word) => names.get(word) ?? word),
          inside.reads,
        );
  });
}

class Tidier {
  private readonly indices: ReadonlyMap<string, number>;
  private readonly assignments: number[];
  private readonly reads: number[];
  /** Invented local → a copy of it that has a name. */
  readonly copies = new Map<number, number>();

  constructor(
    private readonly body: List,
    private readonly names: readonly string[],
    private readonly isNamed: (local: number) => boolean,
  ) {
    this.indices = new Map(names.map((name, i) => [name, i]));
    this.assignments = names.map(() => 0);
    this.reads = names.map(() => 0);
    this.count(body);
  }

  run(): List {
    return this.list(this.body);
  }

  private count(list: List): void {
    for (const statement of list) {
      if (statement.kind === 'assign') this.assignments[statement.local]!++;
      if ('reads' in statement) for (const local of statement.reads) this.reads[local]!++;
      for (const child of childLists(statement)) this.count(child);
    }
  }

  private list(list: List): List {
    let statements = list.map((statement) => withChildren(statement, (child) => this.list(child)));
    for (let i = 0; i < statements.length; i++) {
      const shorter = this.withoutCopy(statements, i) ?? this.joined(statements, i);
      if (!shorter) continue;
      statements = shorter;
      // What was in front may have become a copy.
      i = Math.max(-1, i - 2);
    }
    return statements;
  }

  /** `copy = original`, while the original keeps its value as long as the copy is read. */
  private withoutCopy(list: Statement[], i: number): Statement[] | undefined {
    const statement = list[i] as Statement;
    if (statement.kind !== 'assign' || this.assignments[statement.local] !== 1) return undefined;
    const { local } = statement;
    const original = this.indices.get(statement.value);
    if (original === undefined || original === local) return undefined;
    const rest = list.slice(i + 1);
    // A read elsewhere is one of an earlier round of a loop.
    if (countReads(rest, local) !== this.reads[local]) return undefined;
    const last = rest.findLastIndex((one) => mentions(one, local));
    if (rest.slice(0, last + 1).some((one) => countAssignments([one], original) > 0)) return undefined;
    if (this.isNamed(local) && !this.isNamed(original) && !this.copies.has(original)) this.copies.set(original, local);
    this.reads[original]! += countReads(rest, local) - 1;
    return [...list.slice(0, i), ...rest.map((one) => this.replace(one, local, original))];
  }

  /** `value = …; use of value`: the value stands where it is used, when its name was invented. */
  private joined(list: Statement[], i: number): Statement[] | undefined {
    const [statement, next] = [list[i] as Statement, list[i + 1]];
    if (
      statement.kind !== 'assign' ||
      !next ||
      next.kind === 'block' ||
      childLists(next).some((child) => countReads(child, statement.local))
    )
      return undefined;
    if (next.kind === 'while' || next.kind === 'do' || next.kind === 'forever') return undefined;
    const { local, value, calls } = statement;
    if (this.isNamed(local) || this.assignments[local] !== 1 || this.reads[local] !== 1 || !next.reads.has(local)) return undefined;
    const name = this.names[local] as string;
    const text = textOf(next);
    const isWhole = next.kind === 'assign' && text === name;
    // A call with effects must stay the only thing that its statement does.
    if (calls && !isWhole) return undefined;
    if (text.split(new RegExp(`\\b${name}\\b`)).length !== 2 || text.length + value.length > LONGEST_JOINED) return undefined;
    const at = text.search(new RegExp(`\\b${name}\\b`));
    const [before, after] = [text.slice(0, at), text.slice(at + name.length)];
    const put = before + (isWhole || needsNoParentheses(statement, before, after) ? value : `(${value})`) + after;
    const reads = new Set([...next.reads, ...statement.reads]);
    reads.delete(local);
    const result = withText(next, put, reads);
    const kept = result.kind === 'assign' && calls ? { ...result, calls } : result;
    return [...list.slice(0, i), kept, ...list.slice(i + 2)];
  }

  /** `from` becomes `to` everywhere in the statement. */
  private replace(statement: Statement, from: number, to: number): Statement {
    const word = new RegExp(`\\b${this.names[from]}\\b`, 'g');
    const inside = withChildren(statement, (list) => list.map((child) => this.replace(child, from, to)));
    if (!('reads' in inside) || !inside.reads.has(from)) return inside;
    const reads = new Set(inside.reads);
    reads.delete(from);
    reads.add(to);
    return withText(inside, textOf(inside).replace(word, this.names[to] as string), reads);
  }
}

type Readable = Exclude<Statement, { kind: 'block' }>;

function textOf(statement: Readable): string {
  if (statement.kind === 'assign') return statement.value;
  return statement.kind === 'text' || statement.kind === 'jump' ? statement.text : statement.condition;
}

function withText(statement: Readable, text: string, reads: ReadonlySet<number>): Readable {
  if (statement.kind === 'assign') return { ...statement, value: text, reads };
  if (statement.kind === 'text' || statement.kind === 'jump') return { ...statement, text, reads };
  return { ...statement, condition: text, reads };
}

/** Whether the value may stand between the texts as it is. */
function needsNoParentheses({ binding }: Statement & { kind: 'assign' }, before: string, after: string): boolean {
  const isArgument = /\($|, $/.test(before) && /^[,)]/.test(after);
  if (binding === 'primary' || isArgument) return true;
  const isCondition = /(^|\(|&& |\|\| )$/.test(before) && /^($|\)| &&| \|\|)/.test(after);
  if (binding === 'comparison') return isCondition;
  const other = binding === '&&' ? ' ||' : ' &&';
  return binding !== 'other' && isCondition && !before.endsWith(`${other} `) && !after.startsWith(other);
}

function countReads(list: List, local: number): number {
  return list.reduce((sum, statement) => {
    const own = 'reads' in statement && statement.reads.has(local) ? 1 : 0;
    return sum + own + childLists(statement).reduce((inside, child) => inside + countReads(child, local), 0);
  }, 0);
}
