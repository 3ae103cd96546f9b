/** The devices as `whittle search` measures on them. */
import type { OpenMeter } from '../compiler/cli/search.ts';
import { expandPacked } from '../compiler/packed/expand.ts';
import { deployForBench } from './bench.ts';
import { countReady } from './count.ts';
import { openDevice } from './index.ts';
import { measure } from './measure.ts';
import { qemu } from './qemu/device.ts';

/** Long enough for a minimum that the machine's moods do not reach. */
const SECONDS = 0.5;

/** @throws UsageError for an unknown device; DeviceError when it cannot be opened. */
export const openMeter: OpenMeter = async (name, output) => {
  const isEmulated = name.startsWith(`${qemu.name}:`);
  const device = await openDevice(name, {
    log: (message) => output.detail(message),
    ask: (message) => output.note(message),
    // Many models are measured: none of them waits for a serial line that is not there.
    preload: isEmulated,
  });
  // A board has no clock before something runs on it; emulated ones count instructions.
  const unit = isEmulated ? 'instructions' : 'time';
  return {
    device: device.name,
    unit,
    async measure(packed) {
      const ready = await deployForBench(expandPacked(packed), device);
      if (unit === 'instructions') return (await countReady(ready, device)).instructions;
      return (await measure(device, { maxSeconds: SECONDS })).minUs;
    },
    close: () => device.close(),
  };
};
