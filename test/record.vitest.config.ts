/** Runs the kernels' tests and records their cases: for test/acceptance/native-kernels, where no run of `npm test` recorded them. */
import { defineConfig } from 'vitest/config';
import { recordedTests } from './recorded-tests.ts';

export default defineConfig({
  test: {
    include: recordedTests,
    setupFiles: ['test/record-setup.ts'],
    testTimeout: 120_000,
  },
});
