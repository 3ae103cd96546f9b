/** The order of test files: those that take longest first, so that none of them runs alone at the end while a core is idle. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Over 15 seconds, the longest first; vitest itself knows how long a file took only where it ran before, not in a fresh clone. */
const longest = [
  ...['search', 'command-line', 'compression-factors', 'boards', 'runtime-c', 'compression-rounding', 'mcu-package', 'faults'],
  ...['compression-reconstruction', 'same-bits', 'native-kernels', 'compression-precision', 'float-models', 'instruction-budgets'],
  ...['compression-pruning', 'web-size', 'web-devices'],
].map((name) => `acceptance/${name}.acceptance.ts`);
longest.push(
  'devices/serial/flash-drivers.test.ts',
  'compiler/cli/search.test.ts',
  'devices/android/android.test.ts',
  'devices/serial/wiring.test.ts',
  'devices/esp/monitor.test.ts',
  'end-to-end/demo.test.ts',
  'devices/flash/flash.test.ts',
  'end-to-end/examples.test.ts',
  'end-to-end/threads.test.ts',
  'targets/mcu/native-kernels.test.ts',
  'devices/contract.test.ts',
  'devices/serial/rp2040/pico.test.ts',
  'targets/mcu/package.test.ts',
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
