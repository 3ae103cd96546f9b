/** One function of a WASM module → statements of C. */
import binaryen from 'binaryen';
import { InvalidGraphError } from '../../../compiler/errors.ts';
import { expressionName, ids, visit } from './binaryen.ts';
import { Scope } from './names.ts';
import { binaryOperators, type CType, operatorName, unaryOperators, zeroTests } from './operators.ts';
import { jump, type List, type Locals, neverEnds, type Statement, text } from './statement.ts';
import { truthLocals } from './truths.ts';
import {
  as,
  binary,
  bindingOf,
  equals,
  float,
  integer,
  local,
  logical,
  negated,
  primary,
  stored,
  ternary,
  unary,
  type Value,
} from './value.ts';

type Ref = number;

/** What a call may do besides computing its result. */
export interface Callee {
  readonly name: string;
  readonly parameters: readonly CType[];
  readonly result: CType | undefined;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** Longer expressions are cut: part of them gets a name. */
const LONGEST_EXPRESSION = 200;

const binaryenTypes: ReadonlyMap<number, CType> = new Map([
  [binaryen.i32, 'u32'],
  [binaryen.i64, 'u64'],
  [binaryen.f32, 'f32'],
  [binaryen.f64, 'f64'],
  [binaryen.v128, 'v128'],
]);

export function cType(type: number): CType | undefined {
  return binaryenTypes.get(type);
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
type Sink = number | 'return';

/** Falling off the end of a function without a result is a return. */
const END = '(end of the function)';

export class FunctionEmitter {
  /** By index of the local, with those that the translation adds. */
  readonly names: string[];
  readonly types: CType[];
  private truths: ReadonlySet<number> = new Set();
  private readonly scope: Scope;
  private statements: Statement[] = [];
  private effects: Effects = { locals: new Set(), memory: false };
  private loops: Loop[] = [];
  private readonly usedLabels = new Set<string>();
  private readonly labelNames = new Map<string, string>();
  /** Where the values of blocks go, by the block's label. */
  private readonly blockSinks = new Map<string, Sink>();

  constructor(
    private readonly where: string,
    names: readonly string[],
    types: readonly CType[],
    private readonly result: CType | undefined,
    private readonly callees: ReadonlyMap<string, Callee>,
    private readonly parameters: number,
    taken: Iterable<string>,
  ) {
    this.scope = new Scope(taken);
    this.names = names.map((name) => this.scope.name(name));
    this.types = [...types];
  }

  emit(body: Ref): List {
    this.truths = truthLocals(body, this.parameters);
    return this.list(() => {
      if (this.result === undefined) {
        this.statement(body, new Set([END]));
        return;
      }
      this.give('return', body);
    });
  }

  private fail(what: string): never {
    throw new InvalidGraphError(`${this.where}: ${what} cannot be translated to C; write the kernel without it`);
  }

  private push(statement: Statement): void {
    if (!neverEnds(this.statements)) this.statements.push(statement);
  }

  /** The statements that `write` writes, as a list of their own. */
  private list(write: () => void): List {
    const outer = this.statements;
    this.statements = [];
    write();
    const list = this.statements;
    this.statements = outer;
    return list;
  }

  private assign(index: number, value: Value, calls = false): void {
    const kept = stored(value, this.types[index] as CType);
    const { text: shown, reads } = kept;
    this.push({ kind: 'assign', local: index, value: shown, binding: bindingOf(kept), reads, ...(calls && { calls }) });
    this.effects.locals.add(index);
  }

  private newLocal(type: CType): number {
    this.names.push(this.scope.name('v'));
    return this.types.push(type) - 1;
  }

  private read(index: number): Value {
    return local(index, this.names[index] as string, this.truths.has(index) ? 'bool' : (this.types[index] as CType));
  }

  /** Gives the value a name now, so that later statements do not change it. */
  private keep(value: Value): Value {
    if (value.literal !== undefined || (value.reads.size === 0 && !value.readsMemory)) return value;
    const index = this.newLocal(value.type === 'bool' ? 'u32' : value.type);
    const effects = this.effects;
    // A new local is no effect on what was read before.
    this.effects = { locals: new Set(), memory: false };
    this.assign(index, value);
    this.effects = effects;
    return this.read(index);
  }

  /** The values of operands in WASM's order of evaluation: what a later one changes, an earlier one has read before. */
  private operands(refs: readonly Ref[]): Value[] {
    let values: Value[] = [];
    for (const ref of refs) {
      const outer = this.effects;
      this.effects = { locals: new Set(), memory: false };
      let value: Value | undefined;
      const hoisted = this.list(() => {
        value = this.value(ref);
      });
      const { locals, memory } = this.effects;
      this.effects = outer;
      for (const index of locals) outer.locals.add(index);
      outer.memory ||= memory;
      const isChanged = (earlier: Value) => (memory && earlier.readsMemory) || [...earlier.reads].some((index) => locals.has(index));
      if (hoisted.length) values = values.map((earlier) => (isChanged(earlier) ? this.keep(earlier) : earlier));
      for (const statement of hoisted) this.push(statement);
      values.push(value as Value);
    }
    return values;
  }

  /** Cuts an expression that has become too long to read. */
  private cut(values: Value[]): Value[] {
    const total = values.reduce((sum, value) => sum + value.text.length, 0);
    if (total <= LONGEST_EXPRESSION) return values;
    const longest = values.reduce((a, b) => (b.text.length > a.text.length ? b : a));
    return values.map((value) => (value === longest ? this.keep(value) : value));
  }

  /** The value of an expression; statements that must come first are written. */
  private value(ref: Ref): Value {
    const info = binaryen.getExpressionInfo(ref);
    switch (info.id) {
      case ids.Const:
        return this.constant(info as binaryen.ConstInfo);
      case ids.LocalGet:
        return this.read((info as binaryen.LocalGetInfo).index);
      case ids.LocalSet: {
        const { index, value, isTee } = info as binaryen.LocalSetInfo;
        this.give(index, value);
        return isTee ? this.read(index) : primary('', 'u32');
      }
      case ids.Unary:
        return this.unary(info as binaryen.UnaryInfo);
      case ids.Binary: {
        const { op, left, right } = info as binaryen.BinaryInfo;
        const operator = binaryOperators.get(op) ?? this.fail(operatorName('binary', op));
        const [a, b] = this.cut(this.operands([left, right])) as [Value, Value];
        return binary(operator, a, b);
      }
      case ids.Select: {
        const { ifTrue, ifFalse, condition } = info as binaryen.SelectInfo;
        const [yes, no, test] = this.cut(this.operands([ifTrue, ifFalse, condition])) as [Value, Value, Value];
        return choice(test, yes, no);
      }
      case ids.Load:
        return this.load(info as binaryen.LoadInfo);
      case ids.Call: {
        const call = this.call(info as binaryen.CallInfo);
        return call.writes ? this.keepCall(call.value) : call.value;
      }
      case ids.If:
        return this.ifValue(ref, info as binaryen.IfInfo);
      case ids.Block:
        return this.blockValue(ref, info as binaryen.BlockInfo);
      case ids.Loop:
        return this.loopValue(info as binaryen.LoopInfo);
      case ids.Break: {
        const { name, condition, value } = info as binaryen.BreakInfo;
        if (value) return this.breakWithValue(name, condition, value, new Set());
        this.break(info as binaryen.BreakInfo, new Set());
        return primary('0u', 'u32');
      }
      case ids.Nop:
      case ids.Drop:
      case ids.Store:
      case ids.MemoryCopy:
      case ids.MemoryFill:
      case ids.Switch:
      case ids.Return:
      case ids.Unreachable:
        // No value: nobody waits for it, or control never comes back.
        this.statement(ref, new Set());
        return primary('0u', 'u32');
      default:
        return this.fail(expressionName(info.id));
    }
  }

  /** The value of an expression that is stored or returned at once: a call needs no name of its own. */
  private taken(ref: Ref): { value: Value; writes: boolean } {
    const info = binaryen.getExpressionInfo(ref);
    if (info.id !== ids.Call) return { value: this.value(ref), writes: false };
    const call = this.call(info as binaryen.CallInfo);
    this.effects.memory ||= call.writes;
    return call;
  }

  /** The value of an expression goes to `sink`. */
  private give(sink: Sink, ref: Ref): void {
    const info = binaryen.getExpressionInfo(ref);
    if (this.isStatement(info)) {
      const { condition, ifTrue, ifFalse } = info;
      const test = as(this.value(condition), 'bool');
      const [yes, no] = [ifTrue, ifFalse].map((arm) => this.list(() => this.give(sink, arm))) as [List, List];
      this.pushBranch(test, yes, no);
    } else if (info.id === ids.Block && cType(info.type)) {
      this.giveBlock(sink, info as binaryen.BlockInfo);
    } else {
      const { value, writes } = this.taken(ref);
      this.giveValue(sink, value, writes);
    }
  }

  private giveValue(sink: Sink, value: Value, calls = false): void {
    if (sink !== 'return') {
      this.assign(sink, value, calls);
      return;
    }
    const result = stored(value, this.result as CType);
    this.push(jump(`return ${result.text};`, result.reads));
  }

  private giveBlock(sink: Sink, { name, children }: binaryen.BlockInfo): void {
    const [last, rest] = [children.at(-1) as Ref, children.slice(0, -1)];
    if (!name) {
      this.sequence(rest, new Set(), undefined);
      this.give(sink, last);
      return;
    }
    this.blockSinks.set(name, sink);
    const body = this.list(() => {
      this.sequence(rest, new Set(), undefined);
      this.give(sink, last);
    });
    this.closeBlock(name, body);
  }

  /** Whether a value comes from an `if` whose arms need statements. */
  private isStatement(info: binaryen.ExpressionInfo): info is binaryen.IfInfo {
    const { ifTrue, ifFalse } = info as binaryen.IfInfo;
    return info.id === ids.If && cType(info.type) !== undefined && !(this.isPure(ifTrue) && this.isPure(ifFalse));
  }

  /** Whether the expression can be evaluated without a statement, and need not be. */
  private isPure(ref: Ref): boolean {
    let isPure = true;
    visit(ref, (info) => {
      if (info.id === ids.Call) isPure &&= this.callees.get((info as binaryen.CallInfo).target)?.writes === false;
      else isPure &&= pureKinds.has(info.id);
    });
    return isPure;
  }

  private keepCall(value: Value): Value {
    const index = this.newLocal(value.type);
    this.assign(index, value, true);
    this.effects.memory = true;
    return this.read(index);
  }

  private constant({ type, value }: binaryen.ConstInfo): Value {
    if (type === binaryen.i32) return integer(BigInt(value as number), 32);
    if (type === binaryen.f32) return float(value as number, 'f32');
    if (type === binaryen.f64) return float(value as number, 'f64');
    if (type === binaryen.i64) {
      if (typeof value === 'bigint') return integer(value, 64);
      const { low, high } = value as { low: number; high: number };
      return integer((BigInt(high) << 32n) | BigInt(low >>> 0), 64);
    }
    return this.fail('a v128 constant');
  }

  private unary({ op, value }: binaryen.UnaryInfo): Value {
    const operand = this.value(value);
    if (zeroTests.has(op)) return negated(operand);
    return unary(unaryOperators.get(op) ?? this.fail(operatorName('unary', op)), operand);
  }

  private address(pointer: Value, offset: number): Value {
    if (offset === 0) return as(pointer, 'u32');
    const add = binaryOperators.get(binaryen.AddInt32);
    if (!add) return this.fail('addition');
    return binary(add, pointer, integer(BigInt(offset), 32));
  }

  private load({ type, bytes, isSigned, isAtomic, align, offset, ptr }: binaryen.LoadInfo): Value {
    if (isAtomic) this.fail('an atomic load');
    const result = cType(type) as CType;
    const address = this.address(this.value(ptr), offset);
    const isFloat = result === 'f32' || result === 'f64' || result === 'v128';
    const stored = isFloat ? result : (`${isSigned && bytes < 8 && bytes !== 4 ? 's' : 'u'}${bytes * 8}` as const);
    const alignment = align > 0 && align < bytes ? `_align${align}` : '';
    const loaded = `load_${stored}${alignment}(${address.text})`;
    if (isFloat || result === 'u32') return primary(loaded, stored.startsWith('s') ? 's32' : isFloat ? result : 'u32', [address], true);
    if (bytes === 8) return primary(loaded, 'u64', [address], true);
    const narrow = primary(loaded, stored.startsWith('s') ? 's32' : 'u32', [address], true);
    return as(isSigned ? as(narrow, 's32') : narrow, isSigned ? 's64' : 'u64');
  }

  private store({ bytes, isAtomic, align, offset, ptr, value }: binaryen.StoreInfo): void {
    if (isAtomic) this.fail('an atomic store');
    const [pointer, stored] = this.cut(this.operands([ptr, value])) as [Value, Value];
    const address = this.address(pointer, offset);
    const type = cType(binaryen.getExpressionType(value)) as CType;
    const isFloat = type === 'f32' || type === 'f64' || type === 'v128';
    const alignment = align > 0 && align < bytes ? `_align${align}` : '';
    const content = as(as(stored, type), isFloat ? type : bytes === 8 ? 'u64' : 'u32');
    const name = `store_${isFloat ? type : `u${bytes * 8}`}${alignment}`;
    this.push(text(`${name}(${address.text}, ${content.text});`, union([address, content])));
    this.effects.memory = true;
  }

  private call({ target, operands, isReturn }: binaryen.CallInfo): { value: Value; writes: boolean } {
    if (isReturn) this.fail('a tail call');
    const callee = this.callees.get(target) ?? this.fail(`a call of ${target}`);
    const values = this.cut(this.operands(operands)).map((value, i) => as(value, callee.parameters[i] as CType));
    const called = `${callee.name}(${values.map((value) => value.text).join(', ')})`;
    return { value: primary(called, callee.result ?? 'u32', values, callee.reads || callee.writes), writes: callee.writes };
  }

  private memoryCall(name: string, refs: readonly Ref[]): void {
    const values = this.cut(this.operands(refs)).map((value) => as(value, 'u32'));
    this.push(text(`${name}(${values.map((value) => value.text).join(', ')});`, union(values)));
    this.effects.memory = true;
  }

  private ifValue(ref: Ref, info: binaryen.IfInfo): Value {
    const { type, condition, ifTrue, ifFalse } = info;
    const result = cType(type);
    if (!result) {
      this.branch(as(this.value(condition), 'bool'), ifTrue, ifFalse ? [ifFalse] : [], new Set(), undefined);
      return primary('0u', 'u32');
    }
    if (!this.isStatement(info)) {
      const test = as(this.value(condition), 'bool');
      return choice(test, this.value(ifTrue), this.value(ifFalse));
    }
    const index = this.newLocal(result);
    this.give(index, ref);
    return this.read(index);
  }

  private blockValue(ref: Ref, info: binaryen.BlockInfo): Value {
    const { name, children, type } = info;
    const result = cType(type);
    if (!result) {
      this.block(info, new Set());
      return primary('0u', 'u32');
    }
    if (!name) {
      this.sequence(children.slice(0, -1), new Set(), undefined);
      return this.value(children.at(-1) as Ref);
    }
    const index = this.newLocal(result);
    this.give(index, ref);
    return this.read(index);
  }

  private loopValue(info: binaryen.LoopInfo): Value {
    const result = cType(info.type);
    if (!result) {
      this.loop(info, new Set());
      return primary('0u', 'u32');
    }
    const index = this.newLocal(result);
    this.loop(info, new Set(), index);
    return this.read(index);
  }

  /** @param next labels that lie directly behind the statement: there is no need to jump to them */
  private statement(ref: Ref, next: ReadonlySet<string>): void {
    const info = binaryen.getExpressionInfo(ref);
    switch (info.id) {
      case ids.Nop:
        return;
      case ids.Block:
        this.block(info as binaryen.BlockInfo, next);
        return;
      case ids.Loop:
        this.loop(info as binaryen.LoopInfo, next);
        return;
      case ids.If: {
        const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
        this.branch(as(this.value(condition), 'bool'), ifTrue, ifFalse ? [ifFalse] : [], next, undefined);
        return;
      }
      case ids.Break:
        this.break(info as binaryen.BreakInfo, next);
        return;
      case ids.Switch:
        this.switch(info as binaryen.SwitchInfo, next);
        return;
      case ids.LocalSet: {
        const { index, value } = info as binaryen.LocalSetInfo;
        this.give(index, value);
        return;
      }
      case ids.Store:
        this.store(info as binaryen.StoreInfo);
        return;
      case ids.MemoryCopy: {
        const { dest, source, size } = info as binaryen.MemoryCopyInfo;
        this.memoryCall('copy_memory', [dest, source, size]);
        return;
      }
      case ids.MemoryFill: {
        const { dest, value, size } = info as binaryen.MemoryFillInfo;
        this.memoryCall('fill_memory', [dest, value, size]);
        return;
      }
      case ids.Call: {
        const { value, writes } = this.call(info as binaryen.CallInfo);
        // A call that only computes has no use as a statement.
        if (writes) this.push(text(`${value.text};`, value.reads));
        this.effects.memory ||= writes;
        return;
      }
      case ids.Drop:
        this.drop((info as binaryen.DropInfo).value);
        return;
      case ids.Return: {
        const { value } = info as binaryen.ReturnInfo;
        if (value) this.give('return', value);
        else if (!next.has(END)) this.push(jump('return;'));
        return;
      }
      case ids.Unreachable:
        this.push(jump('whittle_trap();'));
        return;
      default:
        this.drop(ref);
    }
  }

  private drop(ref: Ref): void {
    const info = binaryen.getExpressionInfo(ref);
    if (info.id !== ids.Call) {
      this.value(ref);
      return;
    }
    const { value, writes } = this.call(info as binaryen.CallInfo);
    if (writes) this.push(text(`(void)${value.text};`, value.reads));
    this.effects.memory ||= writes;
  }

  /** Statements one after the other. @param name label behind them, when they are a block's */
  private sequence(children: readonly Ref[], next: ReadonlySet<string>, name: string | undefined): void {
    for (const [i, child] of children.entries()) {
      const rest = children.slice(i + 1);
      if (rest.length && name && this.skipsRest(child, rest, next, name)) return;
      this.statement(child, rest.length ? new Set() : next);
    }
  }

  /** `br_if` to the end of the own block, or an `if` that ends so: the rest becomes the other arm. */
  private skipsRest(child: Ref, rest: readonly Ref[], next: ReadonlySet<string>, name: string): boolean {
    const info = binaryen.getExpressionInfo(child);
    if (info.id === ids.Break) {
      const { name: target, condition, value } = info as binaryen.BreakInfo;
      if (target !== name || !condition || value) return false;
      this.branch(negated(this.value(condition)), undefined, rest, next, name, true);
      return true;
    }
    if (info.id !== ids.If) return false;
    const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
    if (ifFalse || !endsWithBreak(ifTrue, name)) return false;
    this.branch(as(this.value(condition), 'bool'), ifTrue, rest, next, name);
    return true;
  }

  /** @param isSwapped the rest is the first arm */
  private branch(
    test: Value,
    ifTrue: Ref | undefined,
    ifFalse: readonly Ref[],
    next: ReadonlySet<string>,
    name: string | undefined,
    isSwapped = false,
  ): void {
    const yes = this.list(() => ifTrue !== undefined && this.statement(ifTrue, next));
    const no = this.list(() => this.sequence(ifFalse, next, name));
    if (isSwapped) this.pushBranch(test, no, yes);
    else this.pushBranch(test, yes, no);
  }

  private pushBranch(test: Value, yes: List, no: List): void {
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

  private block({ name, children }: binaryen.BlockInfo, next: ReadonlySet<string>): void {
    if (!name) {
      this.sequence(children, next, undefined);
      return;
    }
    const body = this.list(() => this.sequence(children, new Set([...next, name]), name));
    this.closeBlock(name, body);
  }

  private closeBlock(name: string, body: List): void {
    if (this.usedLabels.has(name)) for (const statement of this.labelled(name, body)) this.push(statement);
    else for (const statement of body) this.push(statement);
  }

  private labelName(name: string): string {
    let label = this.labelNames.get(name);
    if (!label) {
      label = this.scope.name(name.replace(/\|/g, '_'));
      this.labelNames.set(name, label);
    }
    return label;
  }

  private break({ name, condition, value }: binaryen.BreakInfo, next: ReadonlySet<string>): void {
    if (value) {
      this.breakWithValue(name, condition, value, next);
      return;
    }
    if (!condition) {
      this.jumpTo(name, next);
      return;
    }
    const test = as(this.value(condition), 'bool');
    this.pushBranch(
      test,
      this.list(() => this.jumpTo(name, next)),
      [],
    );
  }

  /** @returns the value, which a break that is not taken leaves where it stands */
  private breakWithValue(name: string, condition: Ref, value: Ref, next: ReadonlySet<string>): Value {
    const sink = this.blockSinks.get(name) as Sink;
    if (!condition) {
      this.give(sink, value);
      this.jumpTo(name, next);
      return primary('0u', 'u32');
    }
    const [kept, test] = this.operands([value, condition]) as [Value, Value];
    const taken = this.list(() => {
      this.giveValue(sink, kept);
      this.jumpTo(name, next);
    });
    this.pushBranch(as(test, 'bool'), taken, []);
    return kept;
  }

  private jumpTo(name: string, next: ReadonlySet<string>): void {
    if (next.has(name) || neverEnds(this.statements)) return;
    const loop = this.loops.at(-1);
    if (loop?.label === name) this.push(jump('continue;'));
    else if (loop?.behind.has(name)) this.push(jump('break;'));
    else {
      this.usedLabels.add(name);
      this.push(jump(`goto ${this.labelName(name)};`));
    }
  }

  private switch({ names, defaultName, condition }: binaryen.SwitchInfo, next: ReadonlySet<string>): void {
    const [index] = this.operands([condition]) as [Value];
    const target = this.keep(as(index, 'u32'));
    const goto = (name: string) => this.list(() => this.jumpTo(name, new Set()));
    let otherwise = defaultName && !next.has(defaultName) ? goto(defaultName) : [];
    for (const [i, name] of [...names.entries()].reverse()) {
      if (name === defaultName) continue;
      const yes = next.has(name) ? [] : goto(name);
      otherwise = [{ kind: 'branch', condition: equals(target, i).text, reads: target.reads, yes, no: otherwise }];
    }
    for (const statement of otherwise) this.push(statement);
  }

  /** @param result the local that the value of the body's end goes to */
  private loop({ name, body }: binaryen.LoopInfo, next: ReadonlySet<string>, result?: number): void {
    const outer = this.loops;
    this.loops = [...outer, { label: name, behind: next }];
    const children = childrenOf(body);
    const statement =
      result !== undefined
        ? this.valueLoop(children, result)
        : (this.doLoop(name, children) ?? this.whileLoop(name, children) ?? this.foreverLoop(name, children));
    this.loops = outer;
    this.push(this.usedLabels.has(name) && 'body' in statement ? { ...statement, body: this.labelled(name, statement.body) } : statement);
    // The body may change anything on a later round, before its own first statement.
    this.effects.memory = true;
  }

  /** A round that inner loops may end: the label stands where `continue` goes. */
  private labelled(name: string, body: List): List {
    return [{ kind: 'block', label: this.labelName(name), body }];
  }

  private valueLoop(children: readonly Ref[], result: number): Statement {
    const body = this.list(() => {
      this.sequence(children.slice(0, -1), new Set(), undefined);
      this.give(result, children.at(-1) as Ref);
      this.push(jump('break;'));
    });
    return { kind: 'forever', condition: '', reads: new Set(), body };
  }

  /** { …; br_if loop } → do { … } while () */
  private doLoop(name: string, children: readonly Ref[]): Statement | undefined {
    const last = binaryen.getExpressionInfo(children.at(-1) as Ref);
    if (last.id !== ids.Break) return undefined;
    const { name: target, condition, value } = last as binaryen.BreakInfo;
    if (target !== name || !condition || value) return undefined;
    const rest = children.slice(0, -1);
    // `continue` would go to the condition.
    if (rest.some((child) => jumpsTo(child, name))) return undefined;
    const body = this.list(() => this.sequence(rest, new Set(), undefined));
    let test: Value | undefined;
    const hoisted = this.list(() => {
      test = as(this.value(condition), 'bool');
    });
    const { text: shown, reads } = test as Value;
    if (hoisted.length === 0) return { kind: 'do', condition: shown, reads, body };
    const inside = this.list(() => {
      for (const statement of [...body, ...hoisted]) this.push(statement);
      this.pushBranch(negated(test as Value), [jump('break;')], []);
    });
    return { kind: 'forever', condition: '', reads: new Set(), body: inside };
  }

  /** { if (…) { …; br loop } } → while () { … } */
  private whileLoop(name: string, children: readonly Ref[]): Statement | undefined {
    const info = binaryen.getExpressionInfo(children[0] as Ref);
    if (children.length !== 1 || info.id !== ids.If) return undefined;
    const { condition, ifTrue, ifFalse } = info as binaryen.IfInfo;
    if (ifFalse || !endsWithBreak(ifTrue, name)) return undefined;
    let test: Value | undefined;
    const hoisted = this.list(() => {
      test = as(this.value(condition), 'bool');
    });
    const rest = this.list(() => this.sequence(childrenOf(ifTrue), new Set([name]), undefined));
    const { text: shown, reads } = test as Value;
    if (hoisted.length === 0) return { kind: 'while', condition: shown, reads, body: rest };
    const inside = this.list(() => {
      for (const statement of hoisted) this.push(statement);
      this.pushBranch(negated(test as Value), [jump('break;')], []);
      for (const statement of rest) this.push(statement);
    });
    return { kind: 'forever', condition: '', reads: new Set(), body: inside };
  }

  private foreverLoop(name: string, children: readonly Ref[]): Statement {
    const body = this.list(() => {
      const last = binaryen.getExpressionInfo(children.at(-1) as Ref);
      const isIf = last.id === ids.If && !(last as binaryen.IfInfo).ifFalse;
      if (isIf && endsWithBreak((last as binaryen.IfInfo).ifTrue, name)) {
        const { condition, ifTrue } = last as binaryen.IfInfo;
        this.sequence(children.slice(0, -1), new Set(), undefined);
        this.pushBranch(negated(this.value(condition)), [jump('break;')], []);
        this.sequence(childrenOf(ifTrue), new Set([name]), undefined);
        return;
      }
      const isRound = endsWithBreak(children.at(-1) as Ref, name);
      this.sequence(children, new Set(isRound ? [name] : []), undefined);
      if (!isRound) this.push(jump('break;'));
    });
    return { kind: 'forever', condition: '', reads: new Set(), body };
  }
}

/** Kinds of expressions that C evaluates as one, whose operands decide whether they need statements. */
const pureKinds: ReadonlySet<number> = new Set([ids.Const, ids.LocalGet, ids.Unary, ids.Binary, ids.Select, ids.Load, ids.If]);

function union(values: readonly Value[]): Locals {
  return new Set(values.flatMap((value) => [...value.reads]));
}

/** condition ? yes : no, or what is shorter. */
function choice(condition: Value, yes: Value, no: Value): Value {
  const test = as(condition, 'bool');
  // a ? b : a and a ? a : b, as && and || of AssemblyScript come out.
  if (yes.type === 'bool' && no.type === 'bool' && no.text === test.text) return logical('&&', test, yes);
  if (yes.type === 'bool' && no.type === 'bool' && yes.text === test.text) return logical('||', test, no);
  if (no.literal === 0n && yes.type === 'bool') return logical('&&', test, yes);
  if (yes.literal === 1n && no.type === 'bool') return logical('||', test, no);
  if (yes.literal === 1n && no.literal === 0n) return test;
  if (yes.literal === 0n && no.literal === 1n) return negated(test);
  return ternary(test, yes, no);
}

function childrenOf(ref: Ref): readonly Ref[] {
  const info = binaryen.getExpressionInfo(ref);
  if (info.id === ids.Block && !(info as binaryen.BlockInfo).name) return (info as binaryen.BlockInfo).children;
  return [ref];
}

/** Whether the last statement is an unconditional jump to `name`. */
function endsWithBreak(ref: Ref, name: string): boolean {
  const last = childrenOf(ref).at(-1);
  if (last === undefined) return false;
  const info = binaryen.getExpressionInfo(last);
  if (info.id === ids.Break) {
    const { name: target, condition, value } = info as binaryen.BreakInfo;
    return target === name && !condition && !value;
  }
  if (info.id === ids.Block && last !== ref) return endsWithBreak(last, name);
  return false;
}

/** Whether anything inside jumps to `name`. */
function jumpsTo(ref: Ref, name: string): boolean {
  let found = false;
  visit(ref, (info) => {
    if (info.id === ids.Break) found ||= (info as binaryen.BreakInfo).name === name;
    if (info.id === ids.Switch) {
      const { names, defaultName } = info as binaryen.SwitchInfo;
      found ||= names.includes(name) || defaultName === name;
    }
  });
  return found;
}
