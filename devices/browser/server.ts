/** Serves files from memory. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contentTypeOf } from '../content-type.ts';

/** On a secure origin they make a page cross-origin isolated: its clock is fine, and it may have threads. */
export const isolationHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

export interface MemoryServerOptions {
  /** Of this machine; default: loopback. */
  readonly address?: string;
  /** Default: true. */
  readonly isolated?: boolean;
}

export class MemoryServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
    readonly port: number,
  ) {}

  /** @param files by path, with the leading slash; may change while the server runs */
  static async start(
    files: ReadonlyMap<string, string | Uint8Array>,
    { address = '127.0.0.1', isolated = true }: MemoryServerOptions = {},
  ): Promise<MemoryServer> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      const content = files.get(path);
      const headers = {
        'content-type': contentTypeOf(path),
        ...(isolated && isolationHeaders),
        'cache-control': 'no-store',
        'content-length': Buffer.byteLength(content ?? ''),
      };
      response.writeHead(content === undefined ? 404 : 200, headers);
      response.end(content);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, address, resolve);
    });
    const { port } = server.address() as AddressInfo;
    return new MemoryServer(server, `http://${address.includes(':') ? `[${address}]` : address}:${port}`, port);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
