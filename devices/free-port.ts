/** For programs that must be told a port, and cannot choose one themselves. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that systems give to who asks for any port (Linux: from 32768 on, others: from 49152): nobody gets it that way
 * before the program listens.
 */
const PORTS = [20_000, 30_000] as const;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  if (error?.code === 'EADDRINUSE') return false;
  if (error) throw error;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
}
