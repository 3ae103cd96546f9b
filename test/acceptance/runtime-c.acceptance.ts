/** Every kernel as C on every core, in every language and from the smallest to the fastest code, without a warning. */
import { expect, test } from 'vitest';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { emitRuntime, translatedVocabularies } from '../../targets/mcu/build-runtime-c.ts';
import { requireTool } from '../require-tool.ts';
import { cores, RuntimeFolder, type Standard } from '../targets/mcu/compilers.ts';

const runtimes = translatedVocabularies.map((vocabulary) => [vocabulary, emitRuntime([...opcodeNames.keys()], vocabulary)] as const);

/**
 * What a compiler says of a language it says before it optimizes, and C11 is the same there as C99: every combination of
 * standard and level would only repeat it.
 */
const builds: readonly (readonly [Standard, string])[] = [
  ['c99', '-Os'],
  ['c99', '-O3'],
  ['c11', '-fsyntax-only'],
  ['c++17', '-O2'],
];

test.for(cores)('$name: every kernel compiles without warnings', async (core) => {
  if (!requireTool(core.gcc)) return;
  for (const [vocabulary, runtime] of runtimes) {
    using folder = new RuntimeFolder(await runtime);
    for (const [standard, flag] of builds) expect(folder.compile(core, standard, [flag]), `${vocabulary} ${standard} ${flag}`).toBe('');
  }
});
