/** The devices as `whittle search` measures on them. */
import type { OpenMeter } from '../compiler/cli/search.ts';
import { expandPacked } from '../compiler/packed/expand.ts';
import { deployForBench } from './bench.ts';
import { countReady } from './count.ts';
import { openDevice } from './index.ts';
import { measure } from './measure.ts';

/** Long enough for a minimum that the machine's moods do not reach. */
const SECONDS = 0.5;

/** @throws UsageError for an unknown device; DeviceError when it cannot be opened. */
export const openMeter: OpenMeter = async (name, output) => {
  const device = await openDevice(name, { log: (message) => output.detail(message), ask: (message) => output.note(message) });
  const counts = (await device.clock()).counts;
  return {
    device: device.name,
    unit: counts,
    async measure(packed) {
      const ready = await deployForBench(expandPacked(packed), device);
      if (counts === 'instructions') return (await countReady(ready, device)).instructions;
      return (await measure(device, { maxSeconds: SECONDS })).minUs;
    },
    close: () => device.close(),
  };
};
