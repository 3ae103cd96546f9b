import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/closing-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Two cores: more workers only make the timings noisy.
    maxWorkers: 2,
  },
});
