/** The command line: global options, verbs, and one way out for every error. Each verb is one file. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { FORMAT_VERSION } from '../../runtime-as/format.ts';
import { version } from '../root.ts';
import { describeFailure } from './failure.ts';
import { createOutput, type Output, type OutputOptions, type Streams } from './output.ts';

/** What a verb sees of the call; `output` and `seed` are known once its action runs. */
export interface Invocation {
  readonly output: Output;
  readonly seed: number;
  /** 0 unless the verb sets it. */
  exitCode: number;
}

/** Adds one command to the program. */
export type Verb = (program: Command, invocation: Invocation) => void;

/** For options that are whole numbers of at least `minimum`, and at most `maximum`. */
export function integerOption(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      const limit = maximum < Number.MAX_SAFE_INTEGER ? ` and at most ${maximum}` : '';
      throw new InvalidArgumentError(`expected a whole number of at least ${minimum}${limit}.`);
    }
    return value;
  };
}

/** For options that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, previous: readonly T[] | undefined) => T[] {
  return (text, previous) => [...(previous ?? []), parse(text)];
}

interface GlobalOptions extends OutputOptions {
  readonly seed: number;
}

function createProgram(argv: readonly string[], streams: Streams): Command {
  const versions = argv.includes('--json')
    ? JSON.stringify({ whittle: version, format: FORMAT_VERSION })
    : `whittle ${version} (packed format ${FORMAT_VERSION})`;
  return new Command('whittle')
    .description('Carves trained networks (ONNX) down to exact int8 packages for browsers, Node and microcontrollers.')
    .version(versions, '-V, --version', 'print the version of whittle and of its packed format')
    .option('--json', 'print exactly one JSON document on stdout')
    .option('-q, --quiet', 'say nothing but the result and errors')
    .option('-v, --verbose', 'say more, and show where an error happened')
    .option('--no-color', 'no colours (as the environment variable NO_COLOR)')
    .option('--no-progress', 'no progress bar')
    .option('--seed <number>', 'for everything random', integerOption(0), 0)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      // Errors are printed once, by `main`; what remains is help that nobody asked for.
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => {},
    })
    .exitOverride();
}

/** Help and version end the parsing by an exception, too. */
function isHelpOrVersion(error: unknown): error is CommanderError {
  return error instanceof CommanderError && ['commander.helpDisplayed', 'commander.version'].includes(error.code);
}

/**
 * Runs the command line.
 * @param argv without the interpreter and the script
 * @returns the exit code
 */
export async function main(argv: readonly string[], verbs: readonly Verb[], streams: Streams): Promise<number> {
  const program = createProgram(argv, streams);
  let output: Output | undefined;
  const invocation: Invocation = {
    get output() {
      output ??= createOutput(streams, program.opts<GlobalOptions>());
      return output;
    },
    get seed() {
      return program.opts<GlobalOptions>().seed;
    },
    exitCode: 0,
  };
  for (const verb of verbs) verb(program, invocation);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return invocation.exitCode;
  } catch (error) {
    output?.endProgress();
    if (isHelpOrVersion(error)) return 0;
    return reportFailure(error, argv, streams);
  }
}

function reportFailure(error: unknown, argv: readonly string[], { stdout, stderr }: Streams): number {
  const failure = describeFailure(error);
  // The arguments may be what is wrong: look at them as they came.
  if (argv.includes('--json')) {
    const { code, message, problems } = failure;
    stdout.write(`${JSON.stringify({ error: { code, message, ...(problems && { problems }) } })}\n`);
  }
  // `whittle` alone has printed its help already.
  if (!(error instanceof CommanderError && error.code === 'commander.help')) stderr.write(`whittle: ${failure.message}\n`);
  if (failure.stack && (argv.includes('-v') || argv.includes('--verbose'))) stderr.write(`${failure.stack}\n`);
  return failure.exitCode;
}
