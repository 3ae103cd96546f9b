/** expand.js of a package whose model is a compact file. */
export { expandPacked } from '../../compiler/packed/expand.ts';
