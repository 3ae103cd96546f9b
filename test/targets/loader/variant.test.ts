import { expect, test } from 'vitest';
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from '../../../runtime-as/format.ts';
import { bestVariant } from '../../../targets/loader/variant.ts';

test.for([
  { engine: 0, fitting: 'simd', others: 'simd' },
  { engine: ENGINE_KNOWN, fitting: 'relaxed', others: 'simd' },
  { engine: ENGINE_KNOWN | ENGINE_EXACT, fitting: 'relaxed', others: 'relaxed' },
  { engine: ENGINE_KNOWN | ENGINE_SIGNED, fitting: 'relaxed', others: 'relaxed' },
])('an engine of bits $engine runs $fitting for weights that fit, $others for others', ({ engine, fitting, others }) => {
  expect([bestVariant(true, () => engine), bestVariant(false, () => engine)]).toEqual([fitting, others]);
});
