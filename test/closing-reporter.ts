/** After vitest's own report: every skipped test by name (the title says why), then the plain closing line that CI reads. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        tests++;
        if (state === 'passed') counts.passed++;
        else if (state === 'failed') counts.failed++;
        else {
          counts.skipped++;
          console.log(`skipped: ${test.fullName}`);
        }
      }
      // A file that breaks before its tests, or in a hook, counts as one failure.
      if (module.state() === 'failed' && (tests === 0 || module.errors().length)) counts.failed++;
    }
    counts.failed += errors.length;
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
