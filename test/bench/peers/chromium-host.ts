/** One page per contestant in one headless Chromium, each in a process of its own, timed in turns. */
import { CdpBrowser, findChromium } from '../../../devices/browser/chromium.ts';
import type { ContestantSpec, InputSpec } from './contestant.ts';
import type { Host, Seat, Started, Turn } from './host.ts';

const WINDOW_MS = 100;
const PATIENCE_MS = 5_000;

/**
 * Waits until the browser's processes have used no processor for a while: the page of the last contestant still ends, and this
 * one's own process still starts, while its files would be fetched; who loads in a tenth of the time would pay ten times for it.
 */
async function untilIdle(browser: CdpBrowser): Promise<void> {
  const cpuSeconds = async () => {
    const { processInfo } = (await browser.send('SystemInfo.getProcessInfo')) as { processInfo: { cpuTime: number }[] };
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  // Counted in hundredths of a second, and less than before when a process has ended.
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; ) {
    const before = await cpuSeconds();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    if (Math.abs((await cpuSeconds()) - before) < 0.005) return;
  }
}

class Page implements Seat {
  private constructor(
    private readonly browser: CdpBrowser,
    private readonly targetId: string,
    private readonly sessionId: string,
  ) {}

  static async open(browser: CdpBrowser, origin: string): Promise<Page> {
    const { targetId } = await browser.send('Target.createTarget', { url: `${origin}/index.html` });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(browser, targetId as string, sessionId as string);
    await browser.send('Performance.enable', {}, page.sessionId);
    for (const start = Date.now(); !(await page.evaluate("typeof contestant !== 'undefined'").catch(() => false)); ) {
      if (Date.now() - start > 30_000) throw new Error('the page did not load within 30 s');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await untilIdle(browser);
    return page;
  }

  private async evaluate(expression: string): Promise<unknown> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const reply = (await this.browser.send('Runtime.evaluate', params, this.sessionId)) as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (reply.exceptionDetails) throw new Error(reply.exceptionDetails.exception?.description ?? reply.exceptionDetails.text);
    return reply.result.value;
  }

  /** CPU time of the page's main thread, where all contestants run. */
  private async cpuUs(): Promise<number> {
    const { metrics } = (await this.browser.send('Performance.getMetrics', {}, this.sessionId)) as {
      metrics: { name: string; value: number }[];
    };
    return (metrics.find(({ name }) => name === 'ThreadTime')?.value as number) * 1e6;
  }

  async start(spec: ContestantSpec, input: InputSpec): Promise<Started> {
    const library = { library: `/lib/${spec.runtime}.js`, assets: `/assets/${spec.runtime}/` };
    const module = `/runtimes/${spec.runtime}.js`;
    return (await this.evaluate(
      `contestant.start(${[module, { ...library, ...spec }, input].map((value) => JSON.stringify(value)).join(',')})`,
    )) as Started;
  }

  async time(runs: number): Promise<Turn> {
    const before = await this.cpuUs();
    const us = (await this.evaluate(`contestant.time(${runs})`)) as number;
    return { us, cpuUs: (await this.cpuUs()) - before };
  }

  async close(): Promise<void> {
    await this.browser.send('Target.closeTarget', { targetId: this.targetId });
  }
}

/** @param vnni false: the engine does without AVX-VNNI, as on processors that do not have it; whittle's relaxed builds and LiteRT.js use it */
export async function openChromium(origin: string, { vnni }: { readonly vnni: boolean }): Promise<Host> {
  const browser = CdpBrowser.launch(findChromium(), vnni ? [] : ['--js-flags=--no-enable-avx-vnni']);
  const { product } = await browser.send('Browser.getVersion');
  let pages = 0;
  return {
    name: 'chromium',
    engine: `${product}${vnni ? '' : ' without AVX-VNNI'}`,
    // A host name of its own puts a page into a process of its own.
    open: () => Page.open(browser, origin.replace('127.0.0.1', `seat${pages++}.localhost`)),
    close: () => browser.close(),
  };
}
