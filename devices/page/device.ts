/** Device page: any phone, tablet or television whose browser opens an address of this machine. */
import { DeviceError } from '../../compiler/errors.ts';
import { type Call, type WebHost, webDeviceKind } from '../browser/web-host.ts';
import type { DeviceOptions, FoundDevice } from '../device.ts';
import { type RunningServer, runningServer } from './attached-page.ts';
import { lanAddress } from './lan-address.ts';
import { PageServer } from './page-server.ts';
import { invitationText } from './qr.ts';

const WAIT_SECONDS = 300;
const POLL_MS = 500;

/** What a paired and an attached page have in common. */
interface Page {
  readonly id: string;
  call(name: string, parameters: readonly unknown[]): Promise<unknown>;
  serve(name: string, content: string | Uint8Array): string | Promise<string>;
}

function hostOf(page: Page, origin: string, close: () => Promise<void>): WebHost {
  const call: Call = (name, ...parameters) => page.call(name, parameters);
  return { name: `page:${page.id}`, origin, call, serve: (name, content) => page.serve(name, content), close };
}

/** @throws DeviceError when nobody opens the address in time. */
async function withinTime<T>(work: Promise<T>, url: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `nobody opened ${url} within ${WAIT_SECONDS} s; is the phone in the same network, and does the firewall let it in?`;
    timer = setTimeout(() => reject(new DeviceError(message)), WAIT_SECONDS * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Waits for a new page at the running server. */
async function invited(server: RunningServer, { ask }: DeviceOptions): Promise<string> {
  const known = new Set((await server.pages()).map(({ id }) => id));
  const url = await server.invite();
  ask?.(invitationText(url));
  const paired = async () => {
    for (;;) {
      const page = (await server.pages()).find(({ id }) => !known.has(id));
      if (page) return page.id;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  return withinTime(paired(), url);
}

async function attachedHost(server: RunningServer, options: DeviceOptions, id: string | undefined): Promise<WebHost> {
  const pages = await server.pages();
  const list = pages.map((page) => `page:${page.id} (${page.userAgent})${page.busy ? ', busy' : ''}`).join('\n  ');
  if (id !== undefined && !pages.some((page) => page.id === id))
    throw new DeviceError(`page:${id} is not paired; ${list ? `paired are\n  ${list}` : 'nothing is paired yet'}`);
  const free = pages.filter(({ busy }) => !busy);
  if (id === undefined && free.length > 1) throw new DeviceError(`several pages are paired; say which one:\n  ${list}`);
  const page = await server.attach(id ?? free[0]?.id ?? (await invited(server, options)));
  return hostOf(page, server.origin, async () => page.close());
}

async function ownHost({ ask, isolated = true }: DeviceOptions): Promise<WebHost> {
  const server = await PageServer.start({ host: process.env.WHITTLE_HOST || lanAddress(), isolated });
  try {
    const url = server.invite();
    ask?.(invitationText(url));
    const page = await withinTime(server.nextPage(), url);
    ask?.(`paired: ${page.userAgent}`);
    return hostOf(page, server.origin, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function openHost(options: DeviceOptions, id?: string): Promise<WebHost> {
  const server = await runningServer();
  if (server) return attachedHost(server, options, id);
  if (id !== undefined)
    throw new DeviceError(`page:${id}: no whittle serve runs that could have paired it; start one, or write page alone`);
  return ownHost(options);
}

/** The pages that a running `whittle serve` has paired. */
async function listPages(): Promise<FoundDevice[]> {
  const pages = (await (await runningServer())?.pages()) ?? [];
  return pages.map(
    ({ id, userAgent, busy }): FoundDevice => ({
      name: `page:${id}`,
      title: userAgent,
      ready: !busy,
      ...(busy && { note: 'another run of whittle uses it; wait for it' }),
    }),
  );
}

export const page = webDeviceKind('page', '[ID]', openHost, listPages);
