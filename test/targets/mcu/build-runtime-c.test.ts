import binaryen from 'binaryen';
import { expect, test } from 'vitest';
import { opcodeNames } from '../../../compiler/packed/opcode-names.ts';
import { OPCODE_CONV2D_INT8, OPCODE_SOFTMAX_FLOAT32 } from '../../../runtime-as/format.ts';
import { emitRuntime, translatedVocabularies } from '../../../targets/mcu/build-runtime-c.ts';
import { requireTool } from '../../require-tool.ts';
import { cores, RuntimeFolder } from './compilers.ts';

const allOpcodes = [...opcodeNames.keys()];

test.for(translatedVocabularies)('%s: every opcode has a function, which the header declares', async (vocabulary) => {
  const { functions, header, source } = await emitRuntime(allOpcodes, vocabulary, { prefix: 'lenet_' });
  expect([...functions.keys()]).toEqual([...allOpcodes].sort((a, b) => a - b));
  for (const name of functions.values()) {
    expect(header).toContain(`void ${name}(uint32_t step, uint32_t context, uint32_t prepared);`);
    expect(source).toContain(`\nvoid ${name}(uint32_t step, uint32_t context, uint32_t prepared) {`);
  }
});

test('only the kernels of the model are translated', async () => {
  const one = await emitRuntime([allOpcodes[0] as number], 'scalar');
  expect(one.source.match(/^void /gm)).toHaveLength(1);
});

test('the same C, whatever binaryen was used for before', async () => {
  const before = await emitRuntime([OPCODE_CONV2D_INT8], 'dsp');
  // As asc leaves it.
  binaryen.setShrinkLevel(2);
  binaryen.setAlwaysInlineMaxSize(6);
  binaryen.setFlexibleInlineMaxSize(65);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  binaryen.setFastMath(true);
  binaryen.setLowMemoryUnused(true);
  expect(await emitRuntime([OPCODE_CONV2D_INT8], 'dsp')).toEqual(before);
});

/** A slice of test/acceptance/runtime-c.acceptance.ts. */
test.for(cores.filter(({ name }) => ['Cortex-M0', 'Cortex-M4', 'Cortex-M55', 'RV32IMC', 'x86-64'].includes(name)))(
  '$name: compiles without warnings',
  async (core) => {
    if (!requireTool(core.gcc)) return;
    const vocabulary = core.name === 'Cortex-M4' ? 'dsp' : core.name === 'Cortex-M55' ? 'mve' : 'scalar';
    using folder = new RuntimeFolder(await emitRuntime([OPCODE_CONV2D_INT8, OPCODE_SOFTMAX_FLOAT32], vocabulary));
    expect(folder.compile(core, 'c99', ['-Os'])).toBe('');
    expect(folder.compile(core, 'c++17', ['-O2'])).toBe('');
  },
);
