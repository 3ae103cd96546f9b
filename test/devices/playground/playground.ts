/** The playground in a real Chromium, used as a person does: files dropped, the button pressed, the page read. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CdpBrowser, findChromium } from '../../../devices/browser/chromium.ts';
import { MemoryServer } from '../../../devices/browser/server.ts';
import { playgroundFiles } from '../../../devices/playground/files.ts';

export class Playground {
  private constructor(
    private readonly browser: CdpBrowser,
    private readonly server: MemoryServer,
    private readonly dropped: Map<string, string | Uint8Array>,
    readonly evaluate: (expression: string) => Promise<unknown>,
  ) {}

  static async open(): Promise<Playground> {
    const files = new Map<string, string | Uint8Array>(playgroundFiles());
    const server = await MemoryServer.start(files);
    const browser = CdpBrowser.launch(findChromium());
    const evaluate = await browser.openPage(`${server.origin}/index.html`);
    while (!(await evaluate("document.title === 'whittle playground' && document.readyState === 'complete'").catch(() => false)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    return new Playground(browser, server, files, evaluate);
  }

  /** Drops files on the page. */
  async drop(paths: readonly string[]): Promise<void> {
    const names = paths.map((path) => basename(path));
    paths.forEach((path, i) => this.dropped.set(`/dropped/${names[i]}`, new Uint8Array(readFileSync(path))));
    await this.evaluate(`(async () => {
      const transfer = new DataTransfer();
      for (const name of ${JSON.stringify(names)}) transfer.items.add(new File([await (await fetch('/dropped/' + name)).arrayBuffer()], name));
      document.getElementById('drop').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    })()`);
  }

  /** Presses the button and waits for the end; what the page then says. */
  async compile(): Promise<{ stage: string; problems: string; facts: string; notes: string }> {
    await this.ready();
    await this.evaluate("document.getElementById('compile').click()");
    await this.ready();
    const text = (id: string) => this.evaluate(`document.getElementById('${id}').innerText`) as Promise<string>;
    return { stage: await text('stage'), problems: await text('problems'), facts: await text('facts'), notes: await text('notes') };
  }

  /** Until the button can be pressed. */
  private async ready(): Promise<void> {
    while (await this.evaluate("document.getElementById('compile').disabled")) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** The packed model that the link saves. */
  async saved(): Promise<Uint8Array> {
    const base64 = (await this.evaluate(`(async () => {
      const bytes = new Uint8Array(await (await fetch(document.getElementById('save').href)).arrayBuffer());
      let text = '';
      for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      return btoa(text);
    })()`)) as string;
    return new Uint8Array(Buffer.from(base64, 'base64'));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }
}
