/** Runs in a process of its own: one contestant of `openNode`. */
import './page.ts';
import type { NodeReply, NodeRequest } from './node-host.ts';
import type { ContestantPage } from './page.ts';

const { contestant } = globalThis as unknown as { contestant: ContestantPage };

async function answer({ start, runs }: NodeRequest): Promise<NodeReply> {
  if (start) return contestant.start(start.module, start.spec as Parameters<ContestantPage['start']>[1], start.input);
  const before = process.cpuUsage();
  const us = await contestant.time(runs as number);
  const { user, system } = process.cpuUsage(before);
  return { us, cpuUs: user + system };
}

process.on('message', (request: NodeRequest) => {
  answer(request)
    .catch((error: Error): NodeReply => ({ error: error.stack ?? error.message }))
    .then((reply) => process.send?.(reply));
});
