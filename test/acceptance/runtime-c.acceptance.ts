/** Every kernel as C on every core, in every language and optimization, without a warning. */
import { expect, test } from 'vitest';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { emitRuntime, translatedVocabularies } from '../../targets/mcu/build-runtime-c.ts';
import { requireTool } from '../require-tool.ts';
import { cores, RuntimeFolder } from '../targets/mcu/compilers.ts';

const runtimes = translatedVocabularies.map((vocabulary) => [vocabulary, emitRuntime([...opcodeNames.keys()], vocabulary)] as const);

test.for(cores)('$name: every kernel compiles without warnings', async (core) => {
  if (!requireTool(core.gcc)) return;
  for (const [vocabulary, runtime] of runtimes) {
    using folder = new RuntimeFolder(await runtime);
    for (const standard of ['c99', 'c11', 'c++17'] as const)
      for (const level of ['-Os', '-O2', '-O3'])
        expect(folder.compile(core, standard, [level]), `${vocabulary} ${standard} ${level}`).toBe('');
  }
});
