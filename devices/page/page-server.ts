/** Pairs web pages with this machine: one-time addresses, a WebSocket per page, files for each page alone. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { DeviceError } from '../../compiler/errors.ts';
import { isolationHeaders } from '../browser/server.ts';
import { contentTypeOf } from '../content-type.ts';
import { type Paired, REFUSED, REPLACED } from './messages.ts';
import { PairedPage } from './paired-page.ts';
import { pagesFor, type StaticPage } from './static-pages.ts';

export interface PageServerOptions {
  /** Name or address by which phones reach this machine. */
  readonly host: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: true; only an https page, or one on localhost, becomes isolated. */
  readonly isolated?: boolean;
  /** PEM; makes the origin secure where the phone trusts it. */
  readonly certificate?: { readonly cert: Uint8Array; readonly key: Uint8Array };
  /** More files, by path with the leading slash. */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
  readonly onPaired?: (page: PairedPage) => void;
}

/** A batch of outputs in base64 must fit. */
const MESSAGE_MAX_BYTES = 256 << 20;
const PING_MS = 5_000;
/** 15 letters of 32: 75 bits, short enough for a coarse QR code and to be typed on a television. */
const TOKEN_LETTERS = 15;
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

function newToken(): string {
  return Array.from(randomBytes(TOKEN_LETTERS), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Undefined when it is no path. */
function pathOf({ url = '/' }: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
}

/** Nothing when it is no hello. */
function helloOf(text: string): { readonly token?: unknown; readonly key?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

export class PageServer {
  /** By id, while they are connected. */
  readonly pages = new Map<string, PairedPage>();
  private readonly known = new Map<string, PairedPage>();
  private readonly tokens = new Set<string>();
  private readonly waiting: ((page: PairedPage) => void)[] = [];
  private nextId = 1;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX_BYTES, perMessageDeflate: false });
  private pinger: NodeJS.Timeout | undefined;

  private constructor(
    private readonly server: Server,
    private readonly options: PageServerOptions,
  ) {}

  /** @throws DeviceError when the port is taken. */
  static async start(options: PageServerOptions): Promise<PageServer> {
    const { certificate } = options;
    const server = certificate
      ? createSecureServer({ cert: Buffer.from(certificate.cert), key: Buffer.from(certificate.key) })
      : createServer();
    const pages = new PageServer(server, options);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => pages.respond(request, response));
    server.on('upgrade', (request: IncomingMessage, socket, head) =>
      pages.sockets.handleUpgrade(request, socket, head, (webSocket) => pages.connect(webSocket, request)),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ message }) =>
        reject(new DeviceError(`port ${options.port} cannot be opened (${message}); choose another with --port`)),
      );
      server.listen(options.port ?? 0, resolve);
    });
    pages.pinger = setInterval(() => pages.ping(), PING_MS);
    return pages;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `${this.options.certificate ? 'https' : 'http'}://${this.options.host}:${this.port}`;
  }

  /** A new address, good for one page. */
  invite(): string {
    const token = newToken();
    this.tokens.add(token);
    return `${this.origin}/p/${token}`;
  }

  /** The next page that pairs. */
  nextPage(): Promise<PairedPage> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const { status, content, type } = this.answer(request);
    const headers = {
      'content-type': type,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(this.options.isolated !== false && isolationHeaders),
    };
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : content);
  }

  private answer(request: IncomingMessage): StaticPage {
    const refuse = (status: number, content: string) => ({ status, content, type: contentTypeOf('.txt') });
    const path = pathOf(request);
    if (path === undefined) return refuse(400, 'no such address\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET\n');
    const page = pagesFor(path, (token) => this.tokens.has(token));
    if (page) return page;
    const content = this.options.files?.get(path) ?? this.fileOf(path);
    return content === undefined ? refuse(404, `${path}: not here\n`) : { status: 200, content, type: contentTypeOf(path) };
  }

  /** `/d/KEY/name`: a file for the page that knows the key. */
  private fileOf(path: string): string | Uint8Array | undefined {
    const [, key, name] = /^\/d\/([^/]+)\/(.+)$/.exec(path) ?? [];
    return this.known.get(key ?? '')?.files.get(name ?? '');
  }

  private connect(socket: WebSocket, request: IncomingMessage): void {
    socket.on('error', () => socket.terminate());
    // Another site's script must not pair, even if it should learn an address.
    const { origin, host } = request.headers;
    if (request.url !== '/pair' || (origin !== undefined && !/^https?:\/\//.test(origin)) || (origin && new URL(origin).host !== host)) {
      socket.close(REFUSED, 'not a page of this server');
      return;
    }
    socket.once('message', (data) => {
      const { token, key } = helloOf(String(data));
      const old = typeof key === 'string' ? this.known.get(key) : undefined;
      if (old) {
        old.reconnect(socket);
        this.welcome(old, socket);
      } else if (typeof token === 'string' && this.tokens.delete(token)) this.pair(socket, request);
      else socket.close(REFUSED, 'this address was used before, or is wrong: scan a new code');
    });
  }

  private pair(socket: WebSocket, { headers }: IncomingMessage): void {
    const page = new PairedPage(String(this.nextId++), randomBytes(16).toString('hex'), headers['user-agent'] ?? '', socket);
    this.known.set(page.key, page);
    this.welcome(page, socket);
    this.options.onPaired?.(page);
    this.waiting.shift()?.(page);
  }

  private welcome(page: PairedPage, socket: WebSocket): void {
    this.pages.set(page.id, page);
    socket.send(JSON.stringify({ paired: { id: page.id, key: page.key } } satisfies Paired));
    socket.on('close', () => {
      if (!page.isConnected) this.pages.delete(page.id);
    });
  }

  /** A phone that went to sleep, or out of reach, says nothing: pings find out. */
  private ping(): void {
    for (const page of this.pages.values()) page.ping();
  }

  async stop(): Promise<void> {
    clearInterval(this.pinger);
    for (const socket of this.sockets.clients) socket.close(REPLACED, 'whittle has ended');
    for (const page of this.pages.values()) page.end();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
