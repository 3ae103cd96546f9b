/** What a package's loader.js offers to the other files of the package. */
export { Session } from './session.ts';
export { compileRuntime, decodeBase64, fetchFile, modelSource } from './source.ts';
