/** The tests whose cases record-cases.ts records: those that run every kernel. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../compiler/root.ts';

/** The other implementation's kernels, nothing to record. */
const otherKernels = 'onnxruntime-bits.test.ts';

/** Paths in the repository. */
export const recordedTests = ['test/compiler/ops', 'test/compiler/encoding', 'test/runtime-as/kernels'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder))
    .filter((name) => name.endsWith('.test.ts') && name !== otherKernels)
    .map((name) => `${folder}/${name}`),
);
