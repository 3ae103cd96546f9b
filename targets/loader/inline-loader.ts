/** What an inline build needs of the loader, on both sides of the worker. */
export { expandModel } from './expand.ts';
export { imagePixels } from './image.ts';
export { Session } from './session.ts';
export { decodeBase64, modelSource } from './source.ts';
export { WorkerSession } from './worker-client.ts';
export { serveSession } from './worker-server.ts';
