/** loader.js of a package with threads. */
export * from './loader.ts';
export { threadedEngines } from './threads.ts';
