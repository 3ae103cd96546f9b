/** Runs the kernels' tests and records their cases: only for test/acceptance/native-kernels. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/compiler/ops/*.test.ts', 'test/compiler/encoding/*.test.ts', 'test/runtime-as/kernels/*.test.ts'],
    // The other implementation's kernels, nothing to record.
    exclude: ['**/onnxruntime-bits*'],
    setupFiles: ['test/record-cases.ts'],
    testTimeout: 120_000,
  },
});
