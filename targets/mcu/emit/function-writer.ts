/** What the translation of one function has written so far: statements, locals, labels, and what the statements change. */
import { InvalidGraphError } from '../../../compiler/errors.ts';
import { Scope } from './names.ts';
import type { CType } from './operators.ts';
import { type List, neverEnds, type Statement } from './statement.ts';
import { bindingOf, local, negated, stored, type Value } from './value.ts';

/** An expression of binaryen. */
export type Ref = number;

/** What a call may do besides computing its result. */
export interface Callee {
  readonly name: string;
  readonly parameters: readonly CType[];
  readonly result: CType | undefined;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** What the statements written so far have changed. */
interface Effects {
  readonly locals: Set<number>;
  memory: boolean;
}

interface Loop {
  readonly label: string;
  /** Labels that lie directly behind the loop: `break` reaches them. */
  readonly behind: ReadonlySet<string>;
}

/** Where the value of a block or an `if` goes: each way out of it assigns or returns it by itself. */
export type Sink = number | 'return';

export interface FunctionParts {
  /** For errors. */
  readonly where: string;
  /** Wanted names and types by index of the local, parameters first. */
  readonly names: readonly string[];
  readonly types: readonly CType[];
  readonly result: CType | undefined;
  readonly callees: ReadonlyMap<string, Callee>;
  /** Names that are not to be given to locals or labels. */
  readonly taken: Iterable<string>;
  /** Locals that only ever hold 0 or 1. */
  readonly truths: ReadonlySet<number>;
}

export class FunctionWriter {
  /** By index of the local, with those that the translation adds. */
  readonly names: string[];
  readonly types: CType[];
  readonly result: CType | undefined;
  readonly callees: ReadonlyMap<string, Callee>;
  effects: Effects = { locals: new Set(), memory: false };
  /** Those that the statement lies in, the innermost last. */
  loops: readonly Loop[] = [];
  readonly usedLabels = new Set<string>();
  /** Where the values of blocks go, by the block's label. */
  readonly blockSinks = new Map<string, Sink>();
  private readonly where: string;
  private readonly truths: ReadonlySet<number>;
  private readonly scope: Scope;
  private readonly labelNames = new Map<string, string>();
  private statements: Statement[] = [];

  constructor({ where, names, types, result, callees, taken, truths }: FunctionParts) {
    this.scope = new Scope(taken);
    this.names = names.map((name) => this.scope.name(name));
    this.types = [...types];
    this.result = result;
    this.callees = callees;
    this.where = where;
    this.truths = truths;
  }

  /** @throws InvalidGraphError always */
  fail(what: string): never {
    throw new InvalidGraphError(`${this.where}: ${what} cannot be translated to C; write the kernel without it`);
  }

  push(statement: Statement): void {
    if (!this.hasLeft()) this.statements.push(statement);
  }

  /** Whether what is written next is never reached. */
  hasLeft(): boolean {
    return neverEnds(this.statements);
  }

  /** The statements that `write` writes, as a list of their own. */
  list(write: () => void): List {
    const outer = this.statements;
    this.statements = [];
    write();
    const list = this.statements;
    this.statements = outer;
    return list;
  }

  /** What the statements that `write` writes change, beside all that was changed before. */
  effectsOf(write: () => void): Effects {
    const outer = this.effects;
    this.effects = { locals: new Set(), memory: false };
    write();
    const { locals, memory } = this.effects;
    this.effects = outer;
    return { locals, memory };
  }

  assign(index: number, value: Value, calls = false): void {
    const kept = stored(value, this.types[index] as CType);
    const { text: shown, reads } = kept;
    this.push({ kind: 'assign', local: index, value: shown, binding: bindingOf(kept), reads, ...(calls && { calls }) });
    this.effects.locals.add(index);
  }

  newLocal(type: CType): number {
    this.names.push(this.scope.name('v'));
    return this.types.push(type) - 1;
  }

  read(index: number): Value {
    return local(index, this.names[index] as string, this.truths.has(index) ? 'bool' : (this.types[index] as CType));
  }

  /** Gives the value a name now, so that later statements do not change it. */
  keep(value: Value): Value {
    if (value.literal !== undefined || (value.reads.size === 0 && !value.readsMemory)) return value;
    const index = this.newLocal(value.type === 'bool' ? 'u32' : value.type);
    // A new local is no effect on what was read before.
    this.effectsOf(() => this.assign(index, value));
    return this.read(index);
  }

  pushBranch(test: Value, yes: List, no: List): void {
    if (yes.length === 0 && no.length === 0) return;
    if (yes.length === 0) {
      const opposite = negated(test);
      this.push({ kind: 'branch', condition: opposite.text, reads: opposite.reads, yes: no, no: [] });
      return;
    }
    // What follows an arm that leaves needs no else.
    if (neverEnds(yes)) {
      this.push({ kind: 'branch', condition: test.text, reads: test.reads, yes, no: [] });
      for (const statement of no) this.push(statement);
      return;
    }
    this.push({ kind: 'branch', condition: test.text, reads: test.reads, yes, no });
  }

  labelName(name: string): string {
    let label = this.labelNames.get(name);
    if (!label) {
      label = this.scope.name(name.replace(/\|/g, '_'));
      this.labelNames.set(name, label);
    }
    return label;
  }
}
