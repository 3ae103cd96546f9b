/**
 * Lets other runs of whittle on this machine use the pages that a running `whittle serve` has paired: a server on
 * loopback alone, its address and key in a file that only this user can read.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { writeOutputFile } from '../../compiler/files.ts';
import { cacheFolder } from '../../targets/build-runtime.ts';
import { type CallMessage, REFUSED, type ReplyMessage } from './messages.ts';
import type { PageServer } from './page-server.ts';

/** How to reach the running server. */
export interface ControlState {
  readonly port: number;
  readonly key: string;
  /** Of the pages. */
  readonly origin: string;
}

/** A page as others see it. */
export interface PageEntry {
  readonly id: string;
  readonly userAgent: string;
  readonly busy: boolean;
}

/** Beside the calls of a page: makes a file available to it. */
export interface ServeMessage {
  readonly id: number;
  readonly serve: string;
  /** Base64. */
  readonly content: string;
}

function stateFile(): string {
  const { XDG_RUNTIME_DIR: folder } = process.env;
  return join(folder ? join(folder, 'whittle') : cacheFolder(), 'serve.json');
}

/** Undefined when no server has left its address; whether it still answers is another question. */
export function readControlState(): ControlState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(), 'utf8')) as ControlState;
  } catch {
    return undefined;
  }
}

export class ControlServer {
  private readonly key = randomBytes(24).toString('hex');
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: 0, perMessageDeflate: false });

  private constructor(
    private readonly server: Server,
    private readonly pages: PageServer,
  ) {}

  static async start(pages: PageServer): Promise<ControlServer> {
    const server = createServer();
    const control = new ControlServer(server, pages);
    server.on('request', (request, response) => {
      const [status, value] = control.answer(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
    server.on('upgrade', (request, socket, head) => {
      if (control.isTrusted(request))
        control.sockets.handleUpgrade(request, socket, head, (webSocket) => control.relay(webSocket, request));
      else socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    writeOutputFile(stateFile(), JSON.stringify({ port, key: control.key, origin: pages.origin } satisfies ControlState));
    chmodSync(stateFile(), 0o600);
    process.once('exit', () => control.forget());
    return control;
  }

  private forget(): void {
    if (readControlState()?.key === this.key) rmSync(stateFile(), { force: true });
  }

  private isTrusted({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Bearer ${this.key}`;
  }

  private answer(request: IncomingMessage): [status: number, value: unknown] {
    if (!this.isTrusted(request)) return [401, { error: 'not for you' }];
    if (request.method === 'POST' && request.url === '/invitation') return [200, this.pages.invite()];
    if (request.url !== '/pages') return [404, { error: 'not here' }];
    const entries = [...this.pages.pages.values()].map(({ id, userAgent, isBusy }): PageEntry => ({ id, userAgent, busy: isBusy }));
    return [200, entries];
  }

  /** One connection uses one page, alone, until it ends. */
  private relay(socket: WebSocket, request: IncomingMessage): void {
    socket.on('error', () => socket.terminate());
    const page = this.pages.pages.get(String(request.url).split('/').at(-1) as string);
    if (!page || page.isBusy) {
      socket.close(REFUSED, page ? 'busy' : 'gone');
      return;
    }
    page.isBusy = true;
    socket.on('close', () => (page.isBusy = false));
    socket.on('message', async (data) => {
      const message = JSON.parse(String(data)) as CallMessage | ServeMessage;
      const { id } = message;
      const work =
        'serve' in message
          ? Promise.resolve(page.serve(message.serve, Buffer.from(message.content, 'base64')))
          : page.call(message.name, message.parameters);
      const reply: ReplyMessage = await work.then(
        (value) => ({ id, value }),
        (error: Error) => ({ id, error: error.message }),
      );
      socket.send(JSON.stringify(reply));
    });
  }

  async stop(): Promise<void> {
    this.forget();
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
