/** The acceptance on ../shared/data: real models, slow; run by `npm run acceptance` and .ci/run, not by `npm test`. */
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/acceptance/**/*.acceptance.ts'],
    globalSetup: ['test/build.ts'],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/closing-reporter.ts'],
    testTimeout: 900_000,
    hookTimeout: 600_000,
    // One more than cores: a third of the time these wait for boards, browsers and faulty lines.
    maxWorkers: 3,
  },
});
