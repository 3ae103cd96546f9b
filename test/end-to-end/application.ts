/** A page that uses an emitted package in a real Chromium, served as some application would serve it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Executor } from '../../compiler/execute.ts';
import type { PackedMetadata } from '../../compiler/packed/metadata.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { CdpBrowser, findChromium } from '../../devices/browser/chromium.ts';
import type { PackageOptions, Target } from '../../targets/target.ts';
import { smallGraph, smallMetadata } from '../small-model.ts';

export type Evaluate = (expression: string) => Promise<unknown>;

export interface Serving {
  /** Content-Security-Policy of the page. */
  readonly policy?: string;
  /** MIME type of .wasm files. */
  readonly wasmType?: string;
  /** Cross-origin isolated. */
  readonly isolated?: boolean;
}

const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

/** Labels for every output of the small model, and the pixels that tests send: RGB of a 6 x 6 picture. */
export const labelled: PackedMetadata = { ...smallMetadata, labels: Array.from({ length: 80 }, (_, i) => `class ${i}`) };
export const pixels = Uint8Array.from({ length: 108 }, (_, i) => (i * 37) % 256);

function smallPacked(): Uint8Array {
  return writePackedModel(planExecution(smallGraph()), labelled);
}

export async function expectedOutput(): Promise<number[]> {
  const executor = await Executor.create(smallGraph());
  const real = Float32Array.from(pixels, (value) => (value - 128) / 64);
  return Array.from(executor.run([real])[0]?.data as Float32Array);
}

/** A temporary folder with the package of `target` in `model/`, and an empty page. */
export class Application {
  readonly folder = mkdtempSync(join(tmpdir(), 'whittle-application-'));
  private servers: Server[] = [];
  private browser: CdpBrowser | undefined;

  /** @param model default: the small one, labelled */
  static async create(target: Target, model = smallPacked(), options: PackageOptions = {}): Promise<Application> {
    const application = new Application();
    await target.package(readPackedModel(model), application.packageFolder, { name: 'small', ...options });
    application.write('index.html', '<!doctype html><title>application</title>');
    return application;
  }

  get packageFolder(): string {
    return join(this.folder, 'model');
  }

  get packageFiles(): string[] {
    return readdirSync(this.packageFolder);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** Serves the folder and opens its page. */
  open(serving: Serving = {}): Promise<Evaluate> {
    return this.openPath('/index.html', serving);
  }

  /** The same with another page of the folder. */
  async openPath(page: string, { policy, wasmType = 'application/wasm', isolated }: Serving = {}): Promise<Evaluate> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const extension = path.split('.').at(-1) as string;
      try {
        const content = readFileSync(join(this.folder, path));
        const type = extension === 'wasm' ? wasmType : (types[extension] ?? 'application/octet-stream');
        response.writeHead(200, {
          'content-type': type,
          'cache-control': 'no-store',
          ...(isolated && { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }),
          ...(policy && { 'content-security-policy': policy }),
        });
        response.end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this.openUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}${page}`);
  }

  /** Opens a page of the folder from disk. */
  openFile(name: string): Promise<Evaluate> {
    return this.openUrl(pathToFileURL(join(this.folder, name)).href);
  }

  async openUrl(url: string): Promise<Evaluate> {
    this.browser ??= CdpBrowser.launch(findChromium());
    const evaluate = await this.browser.openPage(url);
    while (!(await evaluate("document.title === 'application' && document.readyState === 'complete'").catch(() => false)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    return evaluate;
  }

  async close(): Promise<void> {
    await this.browser?.close();
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
