/** C statements as a tree, and where in it each local is declared: as deep as possible, at its first assignment. */

/** Indices of locals. */
export type Locals = ReadonlySet<number>;

export type Binding = 'primary' | 'comparison' | '&&' | '||' | 'other';

export type Statement =
  | { readonly kind: 'text'; readonly text: string; readonly reads: Locals }
  /** `calls`: computing the value has effects, so it stays even when nobody reads the local. */
  | {
      readonly kind: 'assign';
      readonly local: number;
      readonly value: string;
      /** What the value needs no parentheses in: anything, conditions, or conditions with the same symbol. */
      readonly binding: Binding;
      readonly reads: Locals;
      readonly calls?: true;
    }
  /** Leaves the list: return, goto, break or continue. */
  | { readonly kind: 'jump'; readonly text: string; readonly reads: Locals }
  | { readonly kind: 'branch'; readonly condition: string; readonly reads: Locals; readonly yes: List; readonly no: List }
  /** `condition` is tested before each round (while), after it (do), or never (forever). */
  | { readonly kind: 'while' | 'do' | 'forever'; readonly condition: string; readonly reads: Locals; readonly body: List }
  /** Braces with a label behind them: nothing may jump over a declaration, which C++ forbids. */
  | { readonly kind: 'block'; readonly label: string; readonly body: List };

export type List = readonly Statement[];

const none: Locals = new Set();

export function text(line: string, reads: Locals = none): Statement {
  return { kind: 'text', text: line, reads };
}

export function jump(line: string, reads: Locals = none): Statement {
  return { kind: 'jump', text: line, reads };
}

/** Whether control never reaches what follows the list. */
export function neverEnds(list: List): boolean {
  const last = list.at(-1);
  if (!last) return false;
  if (last.kind === 'jump') return true;
  return last.kind === 'branch' && neverEnds(last.yes) && neverEnds(last.no);
}

export function childLists(statement: Statement): readonly List[] {
  if (statement.kind === 'branch') return [statement.yes, statement.no];
  return 'body' in statement ? [statement.body] : [];
}

/** The statement with `change` applied to the lists inside. */
export function withChildren(statement: Statement, change: (list: List) => List): Statement {
  if (statement.kind === 'branch') return { ...statement, yes: change(statement.yes), no: change(statement.no) };
  return 'body' in statement ? { ...statement, body: change(statement.body) } : statement;
}

function readsOf(statement: Statement): Locals {
  return 'reads' in statement ? statement.reads : none;
}

/** Whether the statement reads or assigns the local. */
export function mentions(statement: Statement, local: number): boolean {
  if (readsOf(statement).has(local) || (statement.kind === 'assign' && statement.local === local)) return true;
  return childLists(statement).some((list) => list.some((child) => mentions(child, local)));
}

/** What happens first to the local on the way through: every way assigns it, some way reads it, or neither. */
type FirstUse = 'assigned' | 'read' | 'maybe assigned' | 'none';

function firstUseInList(list: List, local: number): FirstUse {
  let result: FirstUse = 'none';
  for (const statement of list) {
    const use = firstUse(statement, local);
    if (use === 'assigned' || use === 'read') return use;
    if (use === 'maybe assigned') result = use;
  }
  return result;
}

function firstUse(statement: Statement, local: number): FirstUse {
  if (statement.kind !== 'do' && readsOf(statement).has(local)) return 'read';
  if (statement.kind === 'assign') return statement.local === local ? 'assigned' : 'none';
  const uses = childLists(statement).map((list) => firstUseInList(list, local));
  if (uses.includes('read')) return 'read';
  if (statement.kind === 'branch' && uses.every((use) => use === 'assigned')) return 'assigned';
  // Loops and blocks may be left by a jump before they come to the assignment.
  if (uses.some((use) => use !== 'none')) return 'maybe assigned';
  return readsOf(statement).has(local) ? 'read' : 'none';
}

export interface Declaration {
  /** The statement before which, or as which, the local is declared. */
  readonly statement: Statement;
  /** As a declaration with this statement's value, without a value, or with 0. */
  readonly form: 'initialized' | 'uninitialized' | 'zero';
}

/** Where to declare `local`; undefined when nothing mentions it. */
export function placeDeclaration(body: List, local: number): Declaration | undefined {
  let place: Declaration | undefined;
  let isInLoop = false;
  for (let list: List | undefined = body; list; ) {
    const users: Statement[] = list.filter((statement) => mentions(statement, local));
    const first = users[0];
    if (!first) return place;
    if (first.kind === 'assign' && first.local === local && !first.reads.has(local)) return { statement: first, form: 'initialized' };
    const use = firstUseInList(list, local);
    // In a loop's body a declaration would forget what the last round left.
    if (use === 'assigned') place = { statement: first, form: 'uninitialized' };
    else if (!isInLoop || use === 'none') place = { statement: first, form: 'zero' };
    if (users.length > 1 || readsOf(first).has(local)) return place;
    const inside: List[] = childLists(first).filter((child) => child.some((statement) => mentions(statement, local)));
    if (inside.length !== 1) return place;
    if (first.kind === 'while' || first.kind === 'do' || first.kind === 'forever') isInLoop = true;
    list = inside[0];
  }
  return place;
}

/** How often the list assigns the local. */
export function countAssignments(list: List, local: number): number {
  return list.reduce((count, statement) => {
    const inside = childLists(statement).reduce((sum, child) => sum + countAssignments(child, local), 0);
    return count + inside + (statement.kind === 'assign' && statement.local === local ? 1 : 0);
  }, 0);
}

function collectReads(list: List, reads: Set<number>): void {
  for (const statement of list) {
    for (const local of readsOf(statement)) reads.add(local);
    for (const child of childLists(statement)) collectReads(child, reads);
  }
}

function without(list: List, isUnread: (statement: Statement) => boolean): List {
  return list.filter((statement) => !isUnread(statement)).map((statement) => withChildren(statement, (child) => without(child, isUnread)));
}

/** Drops assignments to locals that nothing reads, and what only they needed. */
export function dropUnread(body: List): List {
  for (let list = body; ; ) {
    const reads = new Set<number>();
    collectReads(list, reads);
    let dropped = 0;
    list = without(list, (statement) => {
      const isUnread = statement.kind === 'assign' && !statement.calls && !reads.has(statement.local);
      if (isUnread) dropped++;
      return isUnread;
    });
    if (!dropped) return list;
  }
}
