/** `whittle monitor`: the serial console of a board: its text, its frames in words, and what is typed. */
import { createInterface } from 'node:readline';
import type { Output } from '../../compiler/cli/output.ts';
import { integerOption, type Verb } from '../../compiler/cli/program.ts';
import { type Frame, FrameReader } from '../serial/frame.ts';
import { Monitor } from '../serial/monitor.ts';
import { DEFAULT_BAUD, openPort } from '../serial/port.ts';
import * as protocol from '../serial/protocol.ts';
import type { Wire } from '../serial/wire.ts';

interface MonitorOptions {
  readonly port: string;
  readonly baud: number;
  readonly seconds?: number;
  readonly until?: string;
  readonly info?: boolean;
}

function nameOf(prefix: string, value: number): string {
  const found = Object.entries(protocol).find(([name, code]) => name.startsWith(prefix) && code === value);
  return found ? found[0].slice(prefix.length).toLowerCase() : String(value);
}

function frameText({ type, status, sequence, payload }: Frame): string {
  if (type === protocol.ANSWER_DAMAGED) return '<damaged frame>';
  const what = type & protocol.ANSWER ? `answer ${nameOf('REQUEST_', type & ~protocol.ANSWER)}` : `request ${nameOf('REQUEST_', type)}`;
  const bytes = Buffer.from(payload.subarray(0, 32)).toString('hex').replace(/../g, '$& ').trim();
  return `<${what} ${sequence} ${nameOf('RESULT_', status)}${bytes ? `: ${bytes}${payload.length > 32 ? ` … ${payload.length} bytes` : ''}` : ''}>`;
}

/** Prints what comes until the line ends, the awaited text came, the time is up, or the user has enough. */
async function watch(wire: Wire, { seconds, until }: MonitorOptions, print: (line: string) => void): Promise<void> {
  const reader = new FrameReader();
  const typed = createInterface({ input: process.stdin });
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    wire.listen(
      (bytes) => {
        for (const item of reader.receive(bytes)) {
          if ('text' in item) {
            print(item.text);
            if (until !== undefined && item.text.includes(until)) resolve();
          } else print('frame' in item ? frameText(item.frame) : `<${item.damaged.length} damaged bytes>`);
        }
      },
      () => resolve(),
    );
    // A line as it is: the commands of MLPerf Tiny end with %, which ends them whether a line end follows or not.
    typed.on('line', (line) => wire.write(new TextEncoder().encode(`${line}\n`)).catch(reject));
    if (seconds !== undefined) timer = setTimeout(resolve, seconds * 1000);
  }).finally(() => {
    clearTimeout(timer);
    typed.close();
  });
}

async function showInfo(wire: Wire, output: Output): Promise<void> {
  const { info } = await Monitor.open(wire);
  output.report(info, () =>
    Object.entries(info)
      .map(([name, value]) => `${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join('\n'),
  );
}

export const monitor: Verb = (program, invocation) => {
  program
    .command('monitor')
    .description(
      "a board's serial console: its text, its frames, and lines that are typed (help% lists the commands of the firmware monitor)",
    )
    .requiredOption('--port <port>', 'the serial port; whittle devices lists them')
    .option('--baud <rate>', 'bits per second', integerOption(1), DEFAULT_BAUD)
    .option('--seconds <seconds>', 'end after so long', integerOption(1))
    .option('--until <text>', 'end when a line has come that contains this')
    .option('--info', 'ask the firmware monitor what it is, and end')
    .action(async (options: MonitorOptions) => {
      const { port, baud, info } = options;
      const { output } = invocation;
      const wire = await openPort(port, { baud });
      try {
        if (info) {
          await showInfo(wire, output);
          return;
        }
        const lines: string[] = [];
        output.note(`${port} at ${baud} bit/s; Ctrl-C ends`);
        await watch(wire, options, (line) => {
          lines.push(line);
          output.line(line);
        });
        output.report({ port, lines }, () => '');
      } finally {
        await wire.close();
      }
    });
};
