/** Walks the opcodes of format.ts and names whatever a new operator forgot. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preparedOpcodes } from '../../compiler/packed/constants.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { packageRoot } from '../../compiler/root.ts';
import { buildRuntime } from '../../targets/build-runtime.ts';

const names = [...opcodeNames.values()];
const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const pascal = (name: string) => name.toLowerCase().replace(/(^|_)(.)/g, (_, __, letter: string) => letter.toUpperCase());

test('opcodes count up from 1 without a gap, so that dispatch is one jump table', () => {
  const codes = [...opcodeNames.keys()].sort((a, b) => a - b);
  expect(codes).toEqual(names.map((_, i) => i + 1));
});

test.for(names)('%s has a flag, a check, a kernel and an operator that calls it', (name) => {
  expect(read('runtime-as/variant.ts')).toContain(`HAS_${name} = isDefined(KERNEL_ALL) || isDefined(KERNEL_${name})`);
  const dispatch = read('runtime-as/opcodes.ts');
  expect(dispatch).toContain(`case OPCODE_${name}: if (HAS_${name}) return check${pascal(name)}(step, context); break;`);
  const kernels = readdirSync(join(packageRoot, 'runtime-as/kernels')).map((file) => read(`runtime-as/kernels/${file}`));
  for (const part of [`check${pascal(name)}`, `run${pascal(name)}`]) {
    expect(dispatch).toContain(`${part}(step, context`);
    expect(
      kernels.some((text) => text.includes(`export function ${part}(`)),
      `no kernel file defines ${part}`,
    ).toBe(true);
  }
  expect(read('runtime-as/mcu.ts'), 'not exported for boards').toMatch(new RegExp(`\\brun${pascal(name)}\\b`));
  // Encodings of weights are no operators: they replace the plain weights of a planned step.
  const operators = ['ops', 'encoding'].flatMap((folder) =>
    readdirSync(join(packageRoot, 'compiler', folder)).map((file) => read(`compiler/${folder}/${file}`)),
  );
  expect(
    operators.some((text) => text.includes(`OPCODE_${name}`)),
    `no operator calls OPCODE_${name}`,
  ).toBe(true);
});

test.for([...preparedOpcodes].map((opcode) => opcodeNames.get(opcode) as string))(
  '%s does not read what it has in the section of weights again',
  (name) => {
    const isEncoded = /^CONV2D_(CSR|BITMAP|BLOCK|NIBBLES|CODEBOOK)/.test(name);
    const kernels = readdirSync(join(packageRoot, 'runtime-as/kernels')).map((file) => read(`runtime-as/kernels/${file}`));
    // Weights, biases and, of integers, multipliers: all operands between the input and the output.
    const all = name.includes('FLOAT') ? '0b0110' : '0b1110';
    const replaced = new RegExp(
      `function replacedOperands${isEncoded ? 'Encoded' : pascal(name)}\\(step: usize\\): i32 \\{\\n  return (BOARD \\|\\| )?SIMD \\? ${all} : 0;`,
    );
    expect(kernels.some((text) => replaced.test(text))).toBe(true);
  },
);

test('a model-specific build contains only the kernels it needs', async () => {
  const opcode = [...opcodeNames].find(([, name]) => name === 'TABLE_INT8')?.[0] as number;
  const one = await buildRuntime({ opcodes: [opcode] }, 'scalar');
  const full = readFileSync(join(packageRoot, 'dist/runtime-as/scalar.wasm'));
  expect(one.length).toBeLessThan(full.length / 4);
});
