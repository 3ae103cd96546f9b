import { gzipSync } from 'node:zlib';
import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { fullRuntimeBytes, type Variant } from '../../compiler/root.ts';
import { numberFunctions } from '../../targets/number-functions.ts';

/** A function in which the locals behind the parameters are called by type and by the order in which they appear. */
function withoutLocals(code: string): string {
  const types = new Map([...code.matchAll(/\(local (\$\S+) (\w+)\)/g)].map(([, name, type]) => [name, type]));
  const names = new Map<string, string>();
  return code.replaceAll(/^ *\(local .*\n/gm, '').replaceAll(/(?<=local\.(?:get|set|tee) )\$\w+/g, (name) => {
    if (!types.has(name)) return name;
    if (!names.has(name)) names.set(name, `${types.get(name)}-${names.size}`);
    return names.get(name) as string;
  });
}

/** As text in which functions are called, and stand, in the order in which they are met from the exports on; and how many there are. */
function withoutNumbers(wasm: Uint8Array): { text: string; functions: number } {
  const module = binaryen.readBinaryWithFeatures(wasm, binaryen.Features.All);
  const [head = '', ...codes] = module.emitText().split(/^ \(func (?=\$)/m);
  module.dispose();
  const byName = new Map(codes.map((code) => [/^\$\S+/.exec(code)?.[0] as string, code]));
  const met: string[] = [];
  const inOrder = (text: string, call: RegExp) =>
    text.replaceAll(call, (name) => {
      if (!met.includes(name)) met.push(name);
      return `function-${met.indexOf(name)}`;
    });
  let text = inOrder(head.replaceAll(/^ \(type .*\n/gm, ''), /(?<=\(func )\$\w+(?=\)\))/g);
  for (let i = 0; i < met.length; i++)
    text += inOrder(withoutLocals(byName.get(met[i] as string) as string).replace(/ \(type \$\w+\)/, ''), /(?<=\(call |^)\$\w+/g);
  return { text, functions: met.length };
}

// With every kernel: the instructions of every package.
test.for<Variant>(['scalar', 'simd', 'relaxed'])('%s: the same module but for indices, and smaller', (variant) => {
  const wasm = fullRuntimeBytes(variant);
  const before = withoutNumbers(wasm);
  expect(before.functions).toBeGreaterThan(100);
  const gzipBytes = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
  let smallest = gzipBytes(wasm);
  for (const efforts of [
    { perFunction: 0.2, perUse: 0 },
    { perFunction: 0.2, perUse: 0.01 },
  ]) {
    const numbered = numberFunctions(wasm, efforts);
    // Not by toBe(): the difference of a million lines takes minutes to print.
    expect(withoutNumbers(numbered).text === before.text).toBe(true);
    expect(gzipBytes(numbered)).toBeLessThan(smallest);
    smallest = gzipBytes(numbered);
  }
});

test('the same bytes every time', () => {
  const wasm = fullRuntimeBytes('scalar');
  const efforts = { perFunction: 0.1, perUse: 0.01 };
  expect(numberFunctions(wasm, efforts)).toEqual(numberFunctions(wasm, efforts));
});

test.for([
  ['the WASM instruction 0xfe', '(module (memory 1 1 shared) (func (export "f") (drop (i32.atomic.load (i32.const 0)))))'],
  ['the WASM section 2', '(module (import "m" "f" (func $f)) (func (export "g") (call $f)))'],
  ['the WASM section 9', '(module (table 1 funcref) (elem (i32.const 0) $f) (func $f))'],
] as const)('%s is not known, and named', ([what, text]) => {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  expect(() => numberFunctions(module.emitBinary())).toThrow(`${what} is not known`);
});
