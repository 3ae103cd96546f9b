/** Firefox: headless on this machine, driven over WebDriver BiDi, which it speaks itself (no geckodriver). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { DeviceError } from '../../compiler/errors.ts';
import { Child, findProgram, type Program, requireProgram } from '../child-process.ts';
import { PendingCalls } from '../pending-calls.ts';
import type { Browser, BrowserEngine, Evaluate } from './engine.ts';

const program: Program = {
  title: 'Firefox',
  names: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
  variable: 'WHITTLE_FIREFOX',
  fix: 'Debian: apt-get install firefox-esr',
};

/** Nothing but the page: no first-run pages, updates, measurements of its own, or timers that a hidden tab slows down. */
const preferences: Readonly<Record<string, boolean | number | string>> = {
  'remote.active-protocols': 1,
  'app.update.disabledForTesting': true,
  'app.normandy.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.safebrowsing.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.max_script_run_time': 0,
  'dom.min_background_timeout_value': 4,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': 'data:,',
};

interface Reply {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

interface Evaluated {
  readonly type: 'success' | 'exception';
  readonly result?: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

class BidiBrowser implements Browser {
  private readonly calls = new PendingCalls();
  private name = 'firefox';

  private constructor(
    private readonly child: Child,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data) => this.receive(String(data)));
    socket.on('error', () => {});
    socket.on('close', () => this.calls.lose('Firefox closed the connection; run it by hand to see why: firefox'));
    void child.ended.then((how) => this.calls.lose(`Firefox ended (${how}); run it by hand to see why: firefox`));
  }

  static async launch(binary: string): Promise<BidiBrowser> {
    const child = Child.start((folder) => {
      const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
      writeFileSync(join(folder, 'user.js'), `${lines.join('\n')}\n`);
      return [binary, '--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', '0', 'about:blank'];
    });
    try {
      const [, url] = await child.waitForOutput(/WebDriver BiDi listening on (ws:\S+)/, 'Firefox');
      const socket = new WebSocket(`${url}/session`, { perMessageDeflate: false, maxPayload: 0 });
      await new Promise<void>((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', ({ message }) => reject(new DeviceError(`Firefox refuses the connection: ${message}`, 7)));
      });
      const browser = new BidiBrowser(child, socket);
      const { capabilities } = (await browser.send('session.new', { capabilities: {} })) as { capabilities: Record<string, string> };
      browser.name = `${capabilities.browserName} ${capabilities.browserVersion}`;
      return browser;
    } catch (error) {
      await child.kill();
      throw error;
    }
  }

  private receive(message: string): void {
    const reply = JSON.parse(message) as Reply;
    const error = `Firefox refuses: ${reply.error}: ${reply.message}`;
    this.calls.settle(reply.id, reply.type === 'error' ? { error } : { value: reply.result });
  }

  private send(method: string, params: Record<string, unknown>): Promise<unknown> {
    return this.calls.call((id) => this.socket.send(JSON.stringify({ id, method, params })));
  }

  async version(): Promise<string> {
    return this.name;
  }

  async openPage(url: string): Promise<Evaluate> {
    const { context } = (await this.send('browsingContext.create', { type: 'tab' })) as { context: string };
    await this.send('browsingContext.navigate', { context, url, wait: 'complete' });
    return async (expression) => {
      const evaluated = (await this.send('script.evaluate', {
        // BiDi describes values in a form of its own; JSON is the same for every browser.
        expression: `(async () => JSON.stringify(await (${expression})))()`,
        target: { context },
        awaitPromise: true,
      })) as Evaluated;
      if (evaluated.exceptionDetails) throw new DeviceError(`in the page: ${evaluated.exceptionDetails.text}`, 7);
      const value = evaluated.result?.value;
      return value === undefined ? undefined : JSON.parse(value);
    };
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.child.kill();
  }
}

export const firefoxEngine: BrowserEngine = {
  name: 'firefox',
  title: 'Firefox',
  fix: program.fix,
  find: () => findProgram(program),
  launch: (log) => {
    const binary = requireProgram(program);
    log?.(`firefox: ${binary}`);
    return BidiBrowser.launch(binary);
  },
};
