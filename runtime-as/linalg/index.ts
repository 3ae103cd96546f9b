// Linear algebra for the compiler (compiler/linalg/kernels.ts): not part of what ships. Matrices are row-major; addresses
// and leading dimensions are bytes; the caller places everything from `freeAddress` on and grows the memory first.

export { addProductFloat64, productScratchBytes } from "./product-float64";
export { productFloat32, productOverrunBytes } from "./product-float32";
export { addDepthwise, addDepthwiseInput, addDepthwiseWeights, gatherPatches, scatterPatches } from "./window";
export { mirrorLower } from "./symmetric";
export { factorCholesky, solveLower, solveLowerTransposed } from "./cholesky";
export { settleWeight } from "./surgeon";
export { diagonalize, tridiagonalize } from "./eigen";

export function freeAddress(): usize {
  return (__heap_base + 15) & ~15;
}
