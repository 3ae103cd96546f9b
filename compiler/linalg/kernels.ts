/** The WASM kernels of runtime-as/linalg: operands are copied in, results out; that costs little beside n³ operations. */
import { linalgBytes } from '../root.ts';

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  freeAddress(): number;
  productScratchBytes(): number;
  addProductFloat64(...parameters: ProductParameters): void;
  mirrorLower(n: number, a: number): void;
  factorCholesky(n: number, a: number, scratch: number): number;
  solveLower(n: number, m: number, l: number, b: number, scratch: number): void;
  solveLowerTransposed(n: number, m: number, l: number, b: number, scratch: number): void;
  settleWeight(n: number, last: number, chosen: number, value: number, h: number, w: number): void;
  tridiagonalize(n: number, v: number, d: number, e: number, wantVectors: number): void;
  diagonalize(n: number, v: number, d: number, e: number, wantVectors: number): number;
}

/** m, n, k, alpha; a, aRow, aColumn; b, bRow, bColumn; c, cRow; lowerOnly, scratch: see runtime-as/linalg/product-float64.ts. */
type ProductParameters = readonly [
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  aRow: number,
  aColumn: number,
  b: number,
  bRow: number,
  bColumn: number,
  c: number,
  cRow: number,
  lowerOnly: number,
  scratch: number,
];

let loaded: KernelExports | undefined;

export function linalgKernels(): KernelExports {
  loaded ??= new WebAssembly.Instance(new WebAssembly.Module(linalgBytes())).exports as unknown as KernelExports;
  return loaded;
}

const PAGE_BYTES = 65536;

/** Places arrays one after the other in the kernels' memory. One call's operands: the next `place` overwrites them. */
export function place(...arrays: readonly (Float64Array | number)[]): number[] {
  const { memory, freeAddress } = linalgKernels();
  let end = freeAddress();
  const addresses = arrays.map((array) => {
    const address = end;
    end += Math.ceil((typeof array === 'number' ? array : array.byteLength) / 16) * 16;
    return address;
  });
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing > 0) memory.grow(missing);
  arrays.forEach((array, i) => {
    if (typeof array === 'number') return;
    new Float64Array(memory.buffer, addresses[i], array.length).set(array);
  });
  return addresses;
}

/** Copies a result out of the kernels' memory. */
export function fetch(target: Float64Array, address: number): void {
  target.set(new Float64Array(linalgKernels().memory.buffer, address, target.length));
}
