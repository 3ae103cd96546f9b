/** `whittle devices`: what can stand behind --on, here and now. */
import type { Verb } from '../../compiler/cli/program.ts';
import { table } from '../../compiler/cli/table.ts';
import type { FoundDevice } from '../device.ts';
import { deviceKinds } from '../index.ts';

function text(devices: readonly FoundDevice[]): string {
  const rows = devices.map(({ name, title, ready }) => [name, title, ready ? 'yes' : 'no']);
  const notes = devices.flatMap(({ name, note }) => (note ? [`${name}: ${note}`] : []));
  return [table([{ title: 'device' }, { title: 'what' }, { title: 'ready' }], rows), ...(notes.length ? ['', ...notes] : [])].join('\n');
}

export const devices: Verb = (program, invocation) => {
  program
    .command('devices')
    .description('list the devices that --on can name: serial ports, emulated boards, browsers, phones')
    .action(async () => {
      const found = (await Promise.all(deviceKinds.map((kind) => kind.list?.() ?? []))).flat();
      invocation.output.report({ devices: found }, () => text(found));
    });
};
