/** Serves files from memory on the loopback interface, cross-origin isolated so that the page's clock is fine. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
};

export class MemoryServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** @param files by path, with the leading slash; may change while the server runs */
  static async start(files: ReadonlyMap<string, string | Uint8Array>): Promise<MemoryServer> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const content = files.get(path);
      const headers = {
        'content-type': types[path.split('.').at(-1) as string] ?? 'application/octet-stream',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cache-control': 'no-store',
      };
      response.writeHead(content === undefined ? 404 : 200, headers);
      response.end(content);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new MemoryServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
