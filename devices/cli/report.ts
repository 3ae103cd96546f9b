/** `whittle report`: the JSON of compile, compress, search, eval and bench → one page to look at. */
import type { Verb } from '../../compiler/cli/program.ts';
import { writeOutputFile } from '../../compiler/files.ts';
import { loadRuns } from '../report/documents.ts';
import { reportPage } from '../report/page.ts';

export const report: Verb = (program, invocation) => {
  program
    .command('report')
    .description('make one self-contained page of what compile, compress, search, eval and bench printed with --json')
    .argument('<runs...>', 'JSON files')
    .option('-o, --output <path>', 'the page', 'report.html')
    .option('--title <title>', 'its title', 'whittle report')
    .action((paths: string[], options: { output: string; title: string }) => {
      const runs = loadRuns(paths);
      const page = reportPage(runs, options.title);
      writeOutputFile(options.output, page);
      const counts = {
        compiled: runs.compiled.length,
        compressed: runs.compressed.length,
        evaluations: runs.evaluations.length,
        benches: runs.benches.length,
        instructionCounts: runs.counts.length,
      };
      invocation.output.report(
        { output: options.output, bytes: Buffer.byteLength(page), ...counts },
        () => `${options.output}: open it in a browser`,
      );
    });
};
