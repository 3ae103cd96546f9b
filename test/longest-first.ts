/** The order of test files: those that take longest first, so that none of them runs alone at the end while a core is idle. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Over 20 seconds, the longest first; vitest itself knows how long a file took only where it ran before, not in a fresh clone. */
const longest = [
  ...['search', 'compression-factors', 'command-line', 'boards', 'native-kernels', 'runtime-c', 'faults', 'mcu-package', 'same-bits'],
  ...['compression-reconstruction', 'compression-rounding', 'compression-precision', 'float-models', 'compression-pruning'],
].map((name) => `acceptance/${name}.acceptance.ts`);
longest.push(
  'targets/mcu/package.test.ts',
  'devices/flash/flash.test.ts',
  'targets/mcu/native-kernels.test.ts',
  'end-to-end/examples.test.ts',
  'compiler/cli/search.test.ts',
  'end-to-end/threads.test.ts',
  'devices/android/android.test.ts',
  'end-to-end/demo.test.ts',
  'devices/serial/flash-drivers.test.ts',
);

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((path) => moduleId.endsWith(`/test/${path}`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
