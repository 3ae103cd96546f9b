/**
 * WASM → C over binaryen: one C function per WASM function, with the names of the source.
 *
 * Memory is the core's own address space (whittle_port.h has the address model), integers are unsigned and wrap,
 * expressions stay nested where their order of evaluation does not matter, and blocks and loops become if, while and
 * do; a goto is left only where C has nothing else.
 */
import binaryen from 'binaryen';
import { InvalidGraphError } from '../../../compiler/errors.ts';
import { ids, localName, visit } from './binaryen.ts';
import { writeBody } from './control.ts';
import { type Callee, FunctionWriter } from './function-writer.ts';
import { functionBaseName, localBaseName, Scope } from './names.ts';
import { type CType, cType } from './operators.ts';
import { printBody } from './print.ts';
import { type ImportedFunction, refuseModule } from './refuse.ts';
import { dropUnread } from './statement.ts';
import { tidy } from './tidy.ts';
import { truthLocals } from './truths.ts';
import { cTypeName } from './value.ts';
import { wrap } from './wrap.ts';

export interface EmitOptions {
  /** Put before the names of exported functions: two models may be linked into one program. */
  readonly prefix: string;
  /** Functions that the C of the vocabulary defines. */
  readonly imports: readonly ImportedFunction[];
}

export interface EmittedModule {
  /** Declarations of the exported functions. */
  readonly declarations: string;
  /** Definitions of all functions. */
  readonly definitions: string;
}

interface WasmFunction {
  readonly ref: number;
  readonly info: binaryen.FunctionInfo;
  readonly exportName: string | undefined;
  readonly calls: readonly string[];
}

/**
 * @param module simplified (simplify.ts); its exported functions become the external ones
 * @throws InvalidGraphError when a kernel contains what C on a board has no place for
 */
export function emitModule(module: binaryen.Module, { prefix, imports }: EmitOptions): EmittedModule {
  const known = new Map(imports.map((imported) => [imported.name, imported]));
  refuseModule(module, known);
  const functions = calleesFirst(functionsOf(module));
  const callees = new Map<string, Callee>();
  const scope = new Scope();
  for (const { info, exportName } of functions) {
    const imported = info.module ? known.get(`${info.module}.${info.base}`) : undefined;
    const name = imported
      ? `${info.module}_${info.base}`
      : scope.name(exportName !== undefined ? prefix + exportName : functionBaseName(info.name));
    const effects = imported ? { reads: imported.reads === true, writes: imported.writes === true } : effectsOf(info.body, callees);
    callees.set(info.name, { name, ...signature(info), ...effects });
  }
  const names = [...callees.values()].map((callee) => callee.name);
  const defined = functions.filter(({ info }) => !info.module);
  const exported = defined.filter(({ exportName }) => exportName !== undefined);
  return {
    declarations: exported.map((fn) => `${head(fn, callees.get(fn.info.name) as Callee, [])};\n`).join(''),
    definitions: defined.map((fn) => define(fn, callees, names)).join('\n'),
  };
}

function functionsOf(module: binaryen.Module): WasmFunction[] {
  const exports = new Map<string, string>();
  for (let i = 0; i < module.getNumExports(); i++) {
    const { kind, name, value } = binaryen.getExportInfo(module.getExportByIndex(i));
    if (kind === binaryen.ExternalFunction) exports.set(value, name);
  }
  return Array.from({ length: module.getNumFunctions() }, (_, i) => {
    const ref = module.getFunctionByIndex(i);
    const info = binaryen.getFunctionInfo(ref);
    const calls: string[] = [];
    if (!info.module) {
      visit(info.body, (expression) => {
        if (expression.id === ids.Call) calls.push((expression as binaryen.CallInfo).target);
      });
    }
    return { ref, info, exportName: exports.get(info.name), calls };
  });
}

/** C wants a function before its callers. @throws InvalidGraphError on recursion, whose stack nobody could bound */
function calleesFirst(functions: readonly WasmFunction[]): WasmFunction[] {
  const byName = new Map(functions.map((fn) => [fn.info.name, fn]));
  const sorted = new Set<WasmFunction>();
  const place = (fn: WasmFunction, callers: readonly string[]) => {
    if (sorted.has(fn)) return;
    const path = [...callers, fn.info.name];
    if (callers.includes(fn.info.name)) throw new InvalidGraphError(`the kernels cannot be translated to C: recursion ${path.join(' → ')}`);
    // A kernel may walk the dimensions of a tensor by calling itself: format.ts limits how deep.
    for (const name of fn.calls.filter((callee) => callee !== fn.info.name)) place(byName.get(name) as WasmFunction, path);
    sorted.add(fn);
  };
  for (const fn of functions) place(fn, []);
  return [...sorted];
}

function signature({ params, results }: binaryen.FunctionInfo): Pick<Callee, 'parameters' | 'result'> {
  return { parameters: binaryen.expandType(params).map((type) => cType(type) as CType), result: cType(results) };
}

/** What a function does besides computing its result, its callees included. */
function effectsOf(body: number, callees: ReadonlyMap<string, Callee>): Pick<Callee, 'reads' | 'writes'> {
  let reads = false;
  let writes = false;
  visit(body, (info) => {
    reads ||= info.id === ids.Load || info.id === ids.SIMDLoad;
    writes ||= info.id === ids.Store || info.id === ids.MemoryCopy || info.id === ids.MemoryFill || info.id === ids.SIMDLoadStoreLane;
    if (info.id !== ids.Call) return;
    const callee = callees.get((info as binaryen.CallInfo).target);
    reads ||= callee?.reads === true;
    writes ||= callee?.writes === true;
  });
  return { reads, writes };
}

function head({ exportName }: WasmFunction, { name, parameters, result }: Callee, names: readonly string[]): string {
  const list = parameters.map((type, i) => `${cTypeName(type)} ${names[i] ?? ['step', 'context', 'prepared'][i] ?? `argument${i}`}`);
  return `${exportName === undefined ? 'static WHITTLE_NOINLINE ' : ''}${result ? cTypeName(result) : 'void'} ${name}(${list.join(', ') || 'void'})`;
}

function define(fn: WasmFunction, callees: ReadonlyMap<string, Callee>, taken: readonly string[]): string {
  const { ref, info } = fn;
  const callee = callees.get(info.name) as Callee;
  const types = [...callee.parameters, ...info.vars.map((type) => cType(type) as CType)];
  const parameters = callee.parameters.length;
  // Names that are numbers are binaryen's.
  const source = types.map((_, i) => localName(ref, i)?.replace(/^\d+$/, '') || undefined);
  const wanted = source.map((name) => name && localBaseName(name));
  const writer = new FunctionWriter({
    where: info.name,
    names: wanted.map((name) => name ?? 'v'),
    types,
    result: callee.result,
    callees,
    taken,
    truths: truthLocals(info.body, parameters),
  });
  const written = dropUnread(writeBody(writer, info.body));
  const { body, names } = tidy(written, { names: writer.names, wanted, parameters, taken });
  const lines = printBody(
    body,
    writer.types.map((type, i) => ({ type, name: names[i] as string })),
    parameters,
  );
  const text = lines.join('\n');
  const unused = names
    .slice(0, parameters)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
    .map((name) => `  (void)${name};`);
  return `${wrap(`${head(fn, callee, names)} {`).join('\n')}\n${[...lines, ...unused].join('\n')}\n}\n`;
}
