/** The program in this process, with what it wrote. */
import { main, type Verb } from '../../../compiler/cli/program.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSettings {
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export async function runCli(
  verbs: readonly Verb[],
  argv: readonly string[],
  { isTTY = false, env = {} }: CliSettings = {},
): Promise<CliResult> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const exitCode = await main(argv, verbs, { stdout: stream('stdout'), stderr: stream('stderr'), env });
  return { exitCode, ...written };
}

/** The one JSON document on stdout. @throws when there is more or less than one line of JSON. */
export function jsonOf({ stdout }: CliResult) {
  if (!/^[^\n]+\n$/.test(stdout)) throw new Error(`expected one line of JSON, got: ${stdout}`);
  return JSON.parse(stdout);
}
