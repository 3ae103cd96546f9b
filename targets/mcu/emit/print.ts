/** Statements → lines of C. */
import type { CType } from './operators.ts';
import { countAssignments, type Declaration, type List, placeDeclaration, type Statement } from './statement.ts';
import { cTypeName } from './value.ts';
import { wrap } from './wrap.ts';

export interface Local {
  readonly name: string;
  readonly type: CType;
}

interface Placed extends Declaration {
  readonly local: number;
  readonly name: string;
  readonly type: string;
  readonly isConstant: boolean;
}

/** @param locals by index; the first `parameters` are declared already */
export function printBody(body: List, locals: readonly Local[], parameters: number): string[] {
  const declarations = new Map<Statement, Placed[]>();
  for (const [index, { name, type }] of locals.entries()) {
    const place = index >= parameters ? placeDeclaration(body, index) : undefined;
    if (!place) continue;
    const isConstant = place.form === 'initialized' && countAssignments(body, index) === 1;
    const placed = { ...place, local: index, name, type: cTypeName(type), isConstant };
    declarations.set(place.statement, [...(declarations.get(place.statement) ?? []), placed]);
  }
  return new Printer(declarations, locals).list(body, 1).flatMap(wrap);
}

class Printer {
  constructor(
    private readonly declarations: ReadonlyMap<Statement, readonly Placed[]>,
    private readonly locals: readonly Local[],
  ) {}

  list(statements: List, depth: number): string[] {
    return statements.flatMap((statement) => [...this.declared(statement, depth), ...this.statement(statement, depth)]);
  }

  /** Declarations in front of a statement, one line per type. */
  private declared(statement: Statement, depth: number): string[] {
    const placed = (this.declarations.get(statement) ?? []).filter(({ form }) => form !== 'initialized');
    const byType = new Map<string, string[]>();
    for (const { name, type, form } of placed) {
      byType.set(type, [...(byType.get(type) ?? []), form === 'zero' ? `${name} = 0` : name]);
    }
    return [...byType].map(([type, names]) => `${indent(depth)}${type} ${names.join(', ')};`);
  }

  private statement(statement: Statement, depth: number): string[] {
    const margin = indent(depth);
    switch (statement.kind) {
      case 'text':
      case 'jump':
        return [margin + statement.text];
      case 'assign':
        return [margin + this.assignment(statement)];
      case 'branch':
        return this.branch(statement, depth, margin);
      case 'while':
        return [`${margin}while (${statement.condition}) {`, ...this.list(statement.body, depth + 1), `${margin}}`];
      case 'do':
        return [`${margin}do {`, ...this.list(statement.body, depth + 1), `${margin}} while (${statement.condition});`];
      case 'forever':
        return [`${margin}for (;;) {`, ...this.list(statement.body, depth + 1), `${margin}}`];
      case 'block':
        // A label needs a statement behind it.
        return [`${margin}{`, ...this.list(statement.body, depth + 1), `${margin}}`, `${indent(depth - 1)}${statement.label}:;`];
    }
  }

  private assignment(statement: Statement & { kind: 'assign' }): string {
    const { local, value } = statement;
    const { name } = this.locals[local] as Local;
    const placed = this.declarations.get(statement)?.find((one) => one.local === local && one.form === 'initialized');
    if (placed) return `${placed.isConstant ? 'const ' : ''}${placed.type} ${name} = ${value};`;
    const step = new RegExp(`^${name} ([-+]) ([^ ?&|<>=]+)$`).exec(value);
    if (step) return `${name} ${step[1]}= ${step[2]};`;
    return `${name} = ${value};`;
  }

  private branch(statement: Statement & { kind: 'branch' }, depth: number, start: string): string[] {
    const { condition, yes, no } = statement;
    const lines = [`${start}if (${condition}) {`, ...this.list(yes, depth + 1)];
    const [only] = no;
    if (no.length === 1 && only?.kind === 'branch' && !this.declarations.has(only)) {
      const [first, ...rest] = this.branch(only, depth, '');
      return [...lines, `${indent(depth)}} else ${first}`, ...rest];
    }
    if (no.length) lines.push(`${indent(depth)}} else {`, ...this.list(no, depth + 1));
    return [...lines, `${indent(depth)}}`];
  }
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}
