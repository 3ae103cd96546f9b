/** Inside the worker: creates one session and runs what the page sends, one message after the other. */
import type { Inputs, Session } from './session.ts';
import type { Reply, Request } from './worker-messages.ts';

type Scope = { onmessage: ((event: MessageEvent<Request>) => void) | null; postMessage(message: Reply, transfer: Transferable[]): void };

/** @param createSession the package's own; called with what the page gave as its source */
export function serveSession(createSession: (source?: never) => Promise<Session>): void {
  const scope = globalThis as unknown as Scope;
  let session: Session | undefined;
  const answer = async (request: Request) => {
    if (request.method === 'create') {
      session = await createSession(request.source as never);
      const { inputs, outputs, info } = session;
      return { value: { inputs, outputs, info }, transfer: [] };
    }
    const value = await (session as Session).run(request.inputs as Inputs);
    const transfer = Object.values(value).flatMap((output) => (ArrayBuffer.isView(output) ? [output.buffer as ArrayBuffer] : []));
    return { value, transfer };
  };
  scope.onmessage = async ({ data }) => {
    try {
      const { value, transfer } = await answer(data);
      scope.postMessage({ id: data.id, value }, transfer);
    } catch (error) {
      const { name, code, message } = error as Error & { code?: string };
      scope.postMessage({ id: data.id, error: { name, message, ...(code && { code }) } }, []);
    }
  };
}
