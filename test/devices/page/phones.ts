/** Phones for tests: tabs of one Chromium with a phone's profile, for which phone.lan is this machine, and no secure origin. */
import { CdpBrowser, findChromium } from '../../../devices/browser/chromium.ts';
import type { Evaluate } from '../../../devices/browser/engine.ts';

/** The name by which phones reach the server. */
export const HOST = 'phone.lan';

const userAgent = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36';

export class Phones {
  private readonly browser: CdpBrowser;

  /** @param flags of the browser, beside those that make it know the host */
  constructor(flags: readonly string[] = []) {
    this.browser = CdpBrowser.launch(findChromium(), [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`, ...flags]);
  }

  /** A new phone that opens the address. */
  async open(url: string): Promise<Phone> {
    const { browserContextId } = await this.browser.send('Target.createBrowserContext');
    const { targetId } = await this.browser.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.browser.send('Target.attachToTarget', { targetId, flatten: true });
    const send = (method: string, params = {}) => this.browser.send(method, params, sessionId as string);
    await send('Emulation.setUserAgentOverride', { userAgent, platform: 'Android' });
    await send('Emulation.setDeviceMetricsOverride', { width: 412, height: 915, deviceScaleFactor: 2.6, mobile: true });
    await send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await send('Page.enable');
    const phone = new Phone(send, () => this.browser.send('Target.closeTarget', { targetId }));
    await send('Page.navigate', { url });
    return phone;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

export class Phone {
  constructor(
    readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>,
    readonly close: () => Promise<unknown>,
  ) {}

  readonly evaluate: Evaluate = async (expression) => {
    const reply = (await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })) as {
      result: { value?: unknown };
    };
    return reply.result.value;
  };

  /** Waits until the page's status line matches. */
  async status(pattern: RegExp): Promise<string> {
    let text = '';
    for (const start = Date.now(); Date.now() - start < 60_000; ) {
      text = String(await this.evaluate("document.getElementById('status')?.textContent").catch(() => ''));
      if (pattern.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the phone shows "${text}", expected ${pattern}`);
  }
}
