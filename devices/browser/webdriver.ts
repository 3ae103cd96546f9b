/** A WebDriver client (W3C WebDriver, level 1): one session, one window. Drives WebKit here, and Safari and iOS on a Mac. */
import { DeviceError } from '../../compiler/errors.ts';
import type { Browser, Evaluate } from './engine.ts';

export type Capabilities = Readonly<Record<string, unknown>>;

/** A call may wait for a whole batch of inferences. */
const SCRIPT_TIMEOUT_MS = 600_000;

interface Failure {
  readonly error: string;
  readonly message: string;
}

export class WebDriverBrowser implements Browser {
  private constructor(
    private readonly session: string,
    private readonly given: Capabilities,
    private readonly whenClosed: () => Promise<void>,
  ) {}

  /**
   * @param address of the driver, without a slash at its end
   * @param whenClosed called after the session has ended
   * @throws DeviceError when no driver answers, or it refuses.
   */
  static async open(
    address: string,
    capabilities: Capabilities,
    whenClosed: () => Promise<void> = async () => {},
  ): Promise<WebDriverBrowser> {
    const { sessionId, capabilities: given } = (await request('POST', `${address}/session`, {
      capabilities: { alwaysMatch: capabilities },
    })) as { sessionId: string; capabilities: Record<string, unknown> };
    const session = `${address}/session/${sessionId}`;
    await request('POST', `${session}/timeouts`, { script: SCRIPT_TIMEOUT_MS, pageLoad: 60_000 });
    return new WebDriverBrowser(session, given, whenClosed);
  }

  async version(): Promise<string> {
    return ['browserName', 'browserVersion', 'platformName']
      .flatMap((name) => (this.given[name] ? [String(this.given[name])] : []))
      .join(' ');
  }

  async openPage(url: string): Promise<Evaluate> {
    await request('POST', `${this.session}/url`, { url });
    return async (expression) => {
      // JSON by ourselves: drivers differ in what they make of typed arrays and of undefined.
      const script = `const done = arguments[arguments.length - 1];
(async () => JSON.stringify(await (${expression})))().then((text) => done({ text }), (error) => done({ error: String(error && error.message || error) }));`;
      const reply = (await request('POST', `${this.session}/execute/async`, { script, args: [] })) as { text?: string; error?: string };
      if (reply.error !== undefined) throw new DeviceError(`in the page: ${reply.error}`, 7);
      return typeof reply.text === 'string' ? JSON.parse(reply.text) : undefined;
    };
  }

  async close(): Promise<void> {
    await request('DELETE', this.session).catch(() => {});
    await this.whenClosed();
  }
}

/** @throws DeviceError with what the driver says. */
async function request(method: string, url: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    const { cause, message } = error as Error;
    throw new DeviceError(
      `no WebDriver answers at ${new URL(url).origin} (${(cause as Error | undefined)?.message || message}); start it there: safaridriver -p 4444, chromedriver --port=4444, geckodriver --port 4444`,
      url.endsWith('/session') ? 6 : 7,
    );
  }
  const text = await response.text();
  let value: unknown;
  try {
    ({ value } = JSON.parse(text) as { value: unknown });
  } catch {
    throw new DeviceError(
      `${new URL(url).origin} does not speak WebDriver (HTTP ${response.status}: ${text.slice(0, 80)}); check the address`,
      7,
    );
  }
  if (!response.ok) {
    const { error, message } = value as Failure;
    throw new DeviceError(`the WebDriver refuses: ${error}${message ? `: ${message}` : ''}`, error === 'session not created' ? 6 : 7);
  }
  return value;
}
