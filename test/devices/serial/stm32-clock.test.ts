/** The clocks that the monitor's start steps make of an STM32, on a model of its clock tree: what is reported is what runs. */
import { describe, expect, test } from 'vitest';
import type { RegisterStep } from '../../../devices/serial/register-steps.ts';
import { wirings } from '../../../devices/serial/wiring.ts';
import { type ClockTree, clockTrees, runClock } from './stm32-clock.ts';

const boards = Object.entries(wirings)
  .filter(([name]) => name.startsWith('nucleo-'))
  .map(([name, wiring]) => ({
    name,
    wiring,
    tree: Object.entries(clockTrees).find(([prefix]) => name.startsWith(prefix))?.[1] as ClockTree,
  }));

describe.for(boards)('$name', ({ wiring, tree }) => {
  test('core and UART run with what is reported', () => {
    expect(runClock(tree, wiring.start ?? [])).toEqual({ coreHz: wiring.clockHz, uartHz: wiring.uartClockHz ?? wiring.clockHz });
  });
});

type Edit = (step: RegisterStep) => RegisterStep[];

/** The step on this field with another value; without one, left out. */
const edited =
  (address: number, mask: number, value?: number): Edit =>
  (step) => {
    if (step.address !== address || step.mask !== mask) return [step];
    return value === undefined ? [] : [{ ...step, value }];
  };

const noWait =
  (address: number): Edit =>
  (step) =>
    step.waits && step.address === address ? [] : [step];

test.for<[string, string, readonly Edit[], string]>([
  ['nucleo-f446re', 'fewer wait states', [noWait(0x40023c00), edited(0x40023c00, 0x70f, 3)], 'too few wait states'],
  ['nucleo-f446re', 'no overdrive', [noWait(0x40007004), edited(0x40007000, 0)], 'too fast for the voltage'],
  ['nucleo-f446re', 'a bit of the overdrive is forgotten', [edited(0x40007000, 0)], 'waits for ever'],
  ['nucleo-f446re', 'no bus dividers', [edited(0x40023808, 0xfcf0, 0)], 'a bus is too fast'],
  ['nucleo-f411re', 'the voltage of the reset', [edited(0x40007000, 0xc000, 0x8000)], 'too fast for the voltage'],
  ['nucleo-f401re', 'a PLL that is out of its range', [edited(0x40023804, 0x0f437fff, 8 | (60 << 6))], 'out of its range'],
  ['nucleo-l476rg', 'times 12', [edited(0x4002100c, 0x07117ff3, 2 | (12 << 8) | (1 << 24))], 'too few wait states'],
  ['nucleo-l476rg', 'the switch before the PLL', [edited(0x40021000, 0)], 'waits for ever'],
  ['nucleo-h743zi2', 'one wait state', [noWait(0x52002000), edited(0x52002000, 0x3f, 0x11)], 'too few wait states'],
  ['nucleo-h743zi2', 'no divider for the bus', [edited(0x58024418, 0xf7f, 0x40)], 'too few wait states'],
  ['nucleo-h723zg', 'the voltage of the reset', [edited(0x58024818, 0xc000, 0x4000)], 'too few wait states'],
  ['nucleo-h723zg', 'no divider for the peripherals', [edited(0x5802441c, 0x770, 0)], 'a bus is too fast'],
  ['nucleo-u575zi-q', 'no booster', [noWait(0x4602080c), edited(0x4602080c, 0)], 'too fast for the voltage'],
  ['nucleo-u575zi-q', 'an odd divider', [edited(0x46020c34, 0x7f7fffff, 19 | (2 << 24))], 'an odd divider'],
])('%s: %s', ([name, , edits, message]) => {
  const { wiring, tree } = boards.find((board) => board.name === name) as (typeof boards)[number];
  const start = edits.reduce((steps, edit) => steps.flatMap(edit), wiring.start as RegisterStep[]);
  expect(start).not.toEqual(wiring.start);
  expect(() => runClock(tree, start)).toThrow(message);
});
