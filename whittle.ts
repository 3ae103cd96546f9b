#!/usr/bin/env node
/** The command line: gathers the verbs of the three folders, nothing else. */
import { compile } from './compiler/cli/compile.ts';
import { compress } from './compiler/cli/compress.ts';
import { inspect } from './compiler/cli/inspect.ts';
import { main } from './compiler/cli/program.ts';
import { searchVerb } from './compiler/cli/search.ts';
import { removeTemporaryFiles } from './compiler/files.ts';
import { bench } from './devices/cli/bench.ts';
import { deploy } from './devices/cli/deploy.ts';
import { devices } from './devices/cli/devices.ts';
import { evaluation } from './devices/cli/eval.ts';
import { flash } from './devices/cli/flash.ts';
import { monitor } from './devices/cli/monitor.ts';
import { report } from './devices/cli/report.ts';
import { run } from './devices/cli/run.ts';
import { serve } from './devices/cli/serve.ts';
import { openMeter } from './devices/search-meter.ts';
import { build } from './targets/cli/build.ts';
import { check } from './targets/cli/check.ts';

process.on('SIGINT', () => {
  removeTemporaryFiles();
  process.exit(130);
});
// `whittle … | head` closes the pipe early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const verbs = [
  inspect,
  check,
  compile,
  compress,
  searchVerb(openMeter),
  build,
  run,
  evaluation,
  bench,
  report,
  serve,
  deploy,
  devices,
  flash,
  monitor,
];

process.exitCode = await main(process.argv.slice(2), verbs, process);
