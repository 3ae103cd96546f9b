/** The options by which every verb chooses its device. */
import type { Command } from 'commander';
import type { Output } from '../../compiler/cli/output.ts';
import { collect } from '../../compiler/cli/program.ts';
import type { DeviceOptions } from '../device.ts';
import { deviceNames } from '../index.ts';

export interface PlaceOptions {
  readonly worker?: boolean;
  /** Commander's name for --no-isolation. */
  readonly isolation: boolean;
  readonly stream?: boolean;
  readonly preload?: boolean;
  readonly board?: string;
}

export interface DeviceChoice extends PlaceOptions {
  readonly on: string;
}

const places = deviceNames.join(', ');

export const DEFAULT_DEVICE = 'node';

export function addDeviceOptions(command: Command): Command {
  return addPlaceOptions(command.option('--on <device>', `where to run: ${places}`, DEFAULT_DEVICE));
}

/** For verbs that compare devices: --on may come several times. */
export function addDevicesOptions(command: Command): Command {
  const text = `where to run: ${places}; several times: on each, in turns (default: "${DEFAULT_DEVICE}")`;
  return addPlaceOptions(command.option('--on <device>', text, collect(String)));
}

function addPlaceOptions(command: Command): Command {
  return command
    .option('--worker', 'in a web page: run in a worker')
    .option('--no-isolation', 'in a web page: without cross-origin isolation, as most sites are; the clock is coarse then')
    .option('--stream', 'on a board that is too small: run the layers one by one, their operands sent over the line')
    .option('--preload', 'on an emulated board: put the model into its memory instead of uploading it over the line')
    .option('--board <name>', 'on a serial port: end with an error unless this board is there');
}

/** What openDevice takes. */
export function deviceOptions(
  { worker = false, isolation, stream = false, preload = false, board }: PlaceOptions,
  output: Output,
): DeviceOptions {
  return {
    log: (message) => output.detail(message),
    ask: (message) => output.note(message),
    progress: (label, done, total) => output.progress(label, done, total),
    worker,
    isolated: isolation,
    stream,
    preload,
    ...(board !== undefined && { board }),
  };
}
