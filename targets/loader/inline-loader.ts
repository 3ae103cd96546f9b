/** What an inline build needs of the loader, on both sides of the worker. */
export { expandPacked } from '../../compiler/packed/expand.ts';
export { imagePixels } from './image.ts';
export { Session } from './session.ts';
export { decodeBase64, modelBytes } from './source.ts';
export { WorkerSession } from './worker-client.ts';
export { serveSession } from './worker-server.ts';
