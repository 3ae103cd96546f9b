/** A pseudo-terminal whose other end the test holds: Debian's `script` opens it and carries the bytes. Ended after each test. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { afterEach } from 'vitest';
import { requireTool } from '../../require-tool.ts';

/** util-linux's; the BSDs' script takes other arguments. */
export const canOpenPty = process.platform === 'linux' && requireTool('script');

export class Pty {
  private constructor(
    private readonly bridge: ChildProcessWithoutNullStreams,
    /** What the program under test opens. */
    readonly path: string,
  ) {}

  static async open(): Promise<Pty> {
    // The shell inside holds the terminal open between two users of it.
    const bridge = spawn('script', ['-qfc', 'stty raw -echo; tty; exec sleep 600', '/dev/null']);
    opened.push(bridge);
    const path = await new Promise<string>((resolve, reject) => {
      let said = '';
      const listen = (chunk: Buffer) => {
        said += chunk;
        const [, name] = /(\/dev\/\S+)\r?\n/.exec(said) ?? [];
        if (!name) return;
        bridge.stdout.off('data', listen);
        resolve(name);
      };
      bridge.stdout.on('data', listen);
      bridge.once('exit', (code) => reject(new Error(`script ended (${code}): ${said}`)));
    });
    bridge.stdin.on('error', () => {});
    return new Pty(bridge, path);
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.bridge.stdout.on('data', listener);
  }

  write(bytes: Uint8Array | readonly number[]): void {
    this.bridge.stdin.write(Uint8Array.from(bytes));
  }

  /** As when the cable is pulled: the terminal hangs up. */
  unplug(): void {
    this.bridge.kill('SIGKILL');
  }
}

const opened: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const bridge of opened.splice(0)) bridge.kill('SIGKILL');
});
