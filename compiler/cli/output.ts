/** Where a verb's words go: one JSON document or a table on stdout, everything else on stderr. */
import pc from 'picocolors';

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly color?: boolean | undefined;
  readonly progress?: boolean | undefined;
}

export type Colors = ReturnType<typeof pc.createColors>;

export interface Output {
  /** The result: `document` with --json, else `text`. Once per run. */
  report(document: unknown, text: (colors: Colors) => string): void;
  /** One line of a result that comes bit by bit; with --json on stderr, as the document is still to come. */
  line(text: string): void;
  /** What the user should know; silent with -q. */
  note(text: string): void;
  /** Only with -v. */
  detail(text: string): void;
  /** Shows that `done` of `total` is done, where stderr is a terminal. */
  progress(label: string, done: number, total: number): void;
  /** Removes the progress bar. */
  endProgress(): void;
}

const BAR_WIDTH = 24;

function bar(label: string, done: number, total: number): string {
  const filled = Math.round((BAR_WIDTH * Math.min(done, total)) / Math.max(total, 1));
  return `${label.padEnd(10)} ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${done}/${total}`;
}

/** Whether the stream takes colours: --no-color and NO_COLOR (no-color.org) forbid, FORCE_COLOR demands. */
export function takesColor(stream: Stream, env: Streams['env'], color = true): boolean {
  if (!color || env.NO_COLOR) return false;
  return Boolean(env.FORCE_COLOR) || (stream.isTTY === true && env.TERM !== 'dumb');
}

export function createOutput({ stdout, stderr, env }: Streams, options: OutputOptions): Output {
  const showsProgress = stderr.isTTY === true && options.progress !== false && !options.quiet && !env.CI;
  let barShown = false;
  let shownAt = 0;
  const clearBar = () => {
    if (barShown) stderr.write('\r\u001b[2K');
    barShown = false;
  };
  const say = (text: string) => {
    clearBar();
    stderr.write(`${text}\n`);
  };
  return {
    report(document, text) {
      clearBar();
      if (options.json) stdout.write(`${JSON.stringify(document)}\n`);
      else {
        const words = text(pc.createColors(takesColor(stdout, env, options.color)));
        if (words) stdout.write(`${words}\n`);
      }
    },
    line(text) {
      clearBar();
      (options.json ? stderr : stdout).write(`${text}\n`);
    },
    note(text) {
      if (!options.quiet) say(text);
    },
    detail(text) {
      if (options.verbose) say(text);
    },
    progress(label, done, total) {
      // Ten frames a second are enough, and cost nothing.
      if (!showsProgress || (done < total && Date.now() - shownAt < 100)) return;
      shownAt = Date.now();
      stderr.write(`\r\u001b[2K${bar(label, done, total)}`);
      barShown = true;
    },
    endProgress: clearBar,
  };
}
