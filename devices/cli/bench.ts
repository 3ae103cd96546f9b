/** `whittle bench`: latency measured on a device, with the sizes that were deployed there. */
import { Option } from 'commander';
import { integerOption, type Verb } from '../../compiler/cli/program.ts';
import { facts, timeText } from '../../compiler/cli/table.ts';
import { readInputFile } from '../../compiler/files.ts';
import type { Variant } from '../../compiler/root.ts';
import { type BenchReport, benchModel } from '../bench.ts';
import { deviceNames, openDevice } from '../index.ts';

function reportText(report: BenchReport): string {
  const lines = facts([
    ['median', timeText(report.medianUs)],
    ['min / p90 / p99', [report.minUs, report.p90Us, report.p99Us].map(timeText).join(' / ')],
    ['samples', `${report.samples} of ${report.runsPerSample} inferences (clock step ${report.clockStepUs.toFixed(1)} µs)`],
    ['load, first run', `${timeText(report.loadUs)}, ${timeText(report.firstUs)}`],
    ['model', `${report.modelBytes} bytes`],
    ['runtime', `${report.codeBytes} bytes${report.codeGzipBytes ? `, ${report.codeGzipBytes} gzip` : ''} (${report.variant})`],
    ['arena', `${report.arenaBytes} bytes`],
  ]);
  const warning = report.warm ? '' : '\nThe times did not settle within 2 % during warm-up: the machine is busy, read the minimum.';
  return `${report.model} on ${report.device}\n${lines}${warning}`;
}

export const bench: Verb = (program, invocation) => {
  program
    .command('bench')
    .description('measure latency on a device, with the sizes deployed there')
    .argument('<model>', 'the packed model')
    .option('--on <device>', `where to run: ${deviceNames.join(', ')}`, 'node')
    .addOption(new Option('--variant <variant>', 'instruction set of the runtime').choices(['scalar', 'simd']))
    .option('--max-secs <seconds>', 'stop measuring after this long', integerOption(1), 10)
    .action(async (path: string, options: { on: string; variant?: Variant; maxSecs: number }) => {
      const { output } = invocation;
      const model = readInputFile(path);
      const device = await openDevice(options.on, { log: (message) => output.detail(message) });
      try {
        const report = await benchModel(model, device, options.variant, { maxSeconds: options.maxSecs });
        output.report(report, () => reportText(report));
      } finally {
        await device.close();
      }
    });
};
