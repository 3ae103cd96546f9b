/** Loads, stores and bulk operations of memory → calls of whittle_port.h. */
import binaryen from 'binaryen';
import { cut, operandsOf, valueOf } from './expression.ts';
import type { FunctionWriter, Ref } from './function-writer.ts';
import { binaryOperators, type CType, cType } from './operators.ts';
import { type Locals, text } from './statement.ts';
import { as, binary, integer, primary, type Value } from './value.ts';

function addressOf(fn: FunctionWriter, pointer: Value, offset: number): Value {
  if (offset === 0) return as(pointer, 'u32');
  const add = binaryOperators.get(binaryen.AddInt32);
  if (!add) return fn.fail('addition');
  return binary(add, pointer, integer(BigInt(offset), 32));
}

export function load(fn: FunctionWriter, { type, bytes, isSigned, isAtomic, align, offset, ptr }: binaryen.LoadInfo): Value {
  if (isAtomic) fn.fail('an atomic load');
  const result = cType(type) as CType;
  const address = addressOf(fn, valueOf(fn, ptr), offset);
  const isFloat = result === 'f32' || result === 'f64' || result === 'v128';
  const stored = isFloat ? result : (`${isSigned && bytes < 8 && bytes !== 4 ? 's' : 'u'}${bytes * 8}` as const);
  const alignment = align > 0 && align < bytes ? `_align${align}` : '';
  const loaded = `load_${stored}${alignment}(${address.text})`;
  if (isFloat || result === 'u32') return primary(loaded, stored.startsWith('s') ? 's32' : isFloat ? result : 'u32', [address], true);
  if (bytes === 8) return primary(loaded, 'u64', [address], true);
  const narrow = primary(loaded, stored.startsWith('s') ? 's32' : 'u32', [address], true);
  return as(isSigned ? as(narrow, 's32') : narrow, isSigned ? 's64' : 'u64');
}

export function store(fn: FunctionWriter, { bytes, isAtomic, align, offset, ptr, value }: binaryen.StoreInfo): void {
  if (isAtomic) fn.fail('an atomic store');
  const [pointer, stored] = cut(fn, operandsOf(fn, [ptr, value])) as [Value, Value];
  const address = addressOf(fn, pointer, offset);
  const type = cType(binaryen.getExpressionType(value)) as CType;
  const isFloat = type === 'f32' || type === 'f64' || type === 'v128';
  const alignment = align > 0 && align < bytes ? `_align${align}` : '';
  const content = as(as(stored, type), isFloat ? type : bytes === 8 ? 'u64' : 'u32');
  const name = `store_${isFloat ? type : `u${bytes * 8}`}${alignment}`;
  fn.push(text(`${name}(${address.text}, ${content.text});`, union([address, content])));
  fn.effects.memory = true;
}

export function memoryCall(fn: FunctionWriter, name: string, refs: readonly Ref[]): void {
  const values = cut(fn, operandsOf(fn, refs)).map((value) => as(value, 'u32'));
  fn.push(text(`${name}(${values.map((value) => value.text).join(', ')});`, union(values)));
  fn.effects.memory = true;
}

function union(values: readonly Value[]): Locals {
  return new Set(values.flatMap((value) => [...value.reads]));
}
