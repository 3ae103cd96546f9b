import { gzipSync } from 'node:zlib';
import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { fullRuntimeBytes, type Variant } from '../../compiler/root.ts';
import { numberLocals } from '../../targets/number-locals.ts';

/** As text in which the locals of each function behind its parameters are called by type and by the order in which they appear. */
function withoutNumbers(wasm: Uint8Array): string {
  const module = binaryen.readBinaryWithFeatures(wasm, binaryen.Features.All);
  const text = module.emitText();
  module.dispose();
  return text
    .split(/^ \(func /m)
    .map((code) => {
      const types = new Map([...code.matchAll(/\(local (\$\S+) (\w+)\)/g)].map(([, name, type]) => [name, type]));
      const names = new Map<string, string>();
      return code.replaceAll(/^ *\(local .*\n/gm, '').replaceAll(/(?<=local\.(?:get|set|tee) )\$\w+/g, (name) => {
        if (!types.has(name)) return name;
        if (!names.has(name)) names.set(name, `${types.get(name)}-${names.size}`);
        return names.get(name) as string;
      });
    })
    .join(' (func ');
}

// With every kernel: the instructions of every package.
test.for<Variant>(['scalar', 'simd', 'relaxed'])('%s: the same module but for the indices of locals, and smaller', (variant) => {
  const wasm = fullRuntimeBytes(variant);
  const numbered = numberLocals(wasm, 0.01);
  expect(numbered).not.toEqual(wasm);
  expect(withoutNumbers(numbered)).toBe(withoutNumbers(wasm));
  const gzipBytes = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
  expect(gzipBytes(numbered)).toBeLessThan(gzipBytes(wasm));
});

test('the same bytes every time', () => {
  const wasm = fullRuntimeBytes('scalar');
  expect(numberLocals(wasm, 0.01)).toEqual(numberLocals(wasm, 0.01));
});

test('an instruction that it does not know is named', () => {
  const module = binaryen.parseText('(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))');
  module.setFeatures(binaryen.Features.All);
  expect(() => numberLocals(module.emitBinary())).toThrow('the WASM instruction 0xfe is not known');
});
