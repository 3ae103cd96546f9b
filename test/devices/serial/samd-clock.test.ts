/** The clocks that the monitor's start steps make of a SAM D21 and a SAM D51, on models of them: what is reported is what runs. */
import { describe, expect, test } from 'vitest';
import type { RegisterStep } from '../../../devices/serial/register-steps.ts';
import { type Wiring, wirings } from '../../../devices/serial/wiring.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { runStart, SamD21, SamD51 } from './samd-clock.ts';

const chips = { 'feather-m0': SamD21, 'feather-m4': SamD51 };
type Name = keyof typeof chips;
const run = (name: Name, steps: readonly RegisterStep[]) => runStart(new chips[name](), steps);

/** The steps without the n-th write to this address, or with another value there. */
function edited({ start = [] }: Wiring, address: number, nth: number, value?: number): RegisterStep[] {
  const step = start.filter((each) => each.address === address)[nth];
  expect(step).toBeDefined();
  return start.flatMap((each) => (each !== step ? [each] : value === undefined ? [] : [{ ...each, value }]));
}

describe.for(Object.keys(chips) as Name[])('%s', (name) => {
  test('core and UART run with what is reported', () => {
    const { start = [], clockHz, uartClockHz } = wirings[name] as Wiring;
    const coreHz = clockHz ?? boardNamed(name).clockHz;
    expect(run(name, start)).toEqual({ coreHz, uartHz: uartClockHz ?? coreHz });
  });
});

test.for<[Name, string, number, number, number | undefined, RegExp]>([
  ['feather-m0', 'no wait state', 0x41004004, 0, 0x80, /wait states/],
  ['feather-m0', 'no reset of GCLK', 0x40000c00, 0, undefined, /the DFLL of the core/],
  ['feather-m0', 'no wait for GCLK', 0x40000c01, 1, undefined, /busy/],
  ['feather-m0', 'no crystal', 0x40000814, 1, undefined, /for ever/],
  ['feather-m0', 'a crystal at once', 0x40000814, 0, undefined, /by itself/],
  ['feather-m0', 'another reference', 0x40000c02, 0, 0x4200, /another clock/],
  ['feather-m0', 'ONDEMAND', 0x40000824, 0, 0x82, /does not answer/],
  ['feather-m0', 'another multiple', 0x4000082c, 0, 0x7dff05c0, /another clock/],
  ['feather-m0', 'open loop', 0x40000824, 1, 0x802, /for ever/],
  ['feather-m4', 'fixed wait states', 0x41004000, 0, 0xc000, /wait states/],
  ['feather-m4', 'a fast reference', 0x40001c34, 0, 0x00060106, /out of its range/],
  ['feather-m4', 'the reference of before', 0x40001c84, 0, undefined, /for ever/],
  ['feather-m4', 'another ratio', 0x40001034, 0, 149, /too fast/],
  ['feather-m4', 'no LBYPASS', 0x40001038, 0, 0, /comes and goes/],
  ['feather-m4', 'no wait for the ratio', 0x4000103c, 1, undefined, /busy/],
  ['feather-m4', 'no wait for the lock', 0x40001040, 0, undefined, /stands still/],
  ['feather-m4', 'a UART at the clock of the core', 0x40001d0c, 0, 0x40, /too fast/],
])('%s: %s', ([name, , address, nth, value, message]) => {
  expect(() => run(name, edited(wirings[name] as Wiring, address, nth, value))).toThrow(message);
});
