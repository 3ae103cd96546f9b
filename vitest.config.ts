import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // .ci/run has the kernels' tests record their cases on the way: the acceptance needs them.
    setupFiles: process.env.WHITTLE_RECORD_CASES ? ['test/record-setup.ts'] : [],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/closing-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Two cores: more workers only make what waits for boards and browsers repeat itself.
    maxWorkers: 2,
  },
});
