/** Chromium: headless on this machine, driven over its own pipe (`--remote-debugging-pipe`; each message ends with a zero byte). */
import type { Readable, Writable } from 'node:stream';
import { Child, findProgram, type Program, requireProgram } from '../child-process.ts';
import { CdpConnection } from './cdp.ts';
import type { Browser, BrowserEngine, Evaluate } from './engine.ts';

const program: Program = {
  title: 'Chromium',
  names: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  variable: 'WHITTLE_CHROMIUM',
  fix: 'Debian: apt-get install chromium',
};

/** @throws DeviceError with the line that installs a browser. */
export function findChromium(): string {
  return requireProgram(program);
}

const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-extensions',
  '--mute-audio',
  '--remote-debugging-pipe',
];

/** One running browser; `close` ends its processes and removes its profile. */
export class CdpBrowser implements Browser {
  private readonly connection: CdpConnection;

  private constructor(private readonly child: Child) {
    const [, , , output, input] = child.process.stdio as [null, null, null, Writable, Readable];
    this.connection = new CdpConnection((message) => output.write(`${message}\0`));
    output.on('error', () => {});
    let received = '';
    input.setEncoding('utf8');
    input.on('data', (text: string) => {
      const messages = (received + text).split('\0');
      received = messages.pop() as string;
      for (const message of messages) this.connection.receive(message);
    });
    void child.ended.then((how) =>
      this.connection.lose(`the browser ended (${how}); run it by hand to see why: ${child.process.spawnargs[4]}`),
    );
  }

  /** @param more flags beside those that every run needs */
  static launch(binary: string, more: readonly string[] = []): CdpBrowser {
    const child = Child.start((folder) => [binary, ...flags, ...more, `--user-data-dir=${folder}`, 'about:blank'], { pipes: true });
    return new CdpBrowser(child);
  }

  /** Sends one command of the protocol. @throws DeviceError when the browser refuses it or is gone. */
  send(method: string, params: Record<string, unknown> = {}, sessionId?: string): Promise<Record<string, unknown>> {
    return this.connection.send(method, params, sessionId);
  }

  async version(): Promise<string> {
    return String((await this.send('Browser.getVersion')).product);
  }

  openPage(url: string): Promise<Evaluate> {
    return this.connection.openPage(url);
  }

  close(): Promise<void> {
    return this.child.kill();
  }
}

export const chromiumEngine: BrowserEngine = {
  name: 'chromium',
  title: 'Chromium',
  fix: program.fix,
  find: () => findProgram(program),
  launch: async (log) => {
    const binary = findChromium();
    log?.(`chromium: ${binary}`);
    return CdpBrowser.launch(binary);
  },
};
