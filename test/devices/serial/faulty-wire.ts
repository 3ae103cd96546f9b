/** A line with faults, in front of a real one: drops, flips, doubles and delays bytes in both directions. */
import type { Wire } from '../../../devices/serial/wire.ts';
import { createRandom } from './random.ts';

export interface Faults {
  readonly seed: number;
  /** Probabilities per byte. */
  readonly drop?: number;
  readonly flip?: number;
  readonly double?: number;
  /** Probability per byte that a burst of up to `burstBytes` damaged bytes begins. */
  readonly burst?: number;
  readonly burstBytes?: number;
  /** Probability per piece that it waits up to `delayMs`; order stays. */
  readonly delay?: number;
  readonly delayMs?: number;
}

export interface FaultyWire extends Wire {
  /** Bytes that were damaged so far. */
  readonly damaged: () => number;
}

export function faultyWire(wire: Wire, faults: Faults): FaultyWire {
  const { drop = 0, flip = 0, double = 0, burst = 0, burstBytes = 0, delay = 0, delayMs = 0 } = faults;
  const random = createRandom(faults.seed);
  let damaged = 0;

  const damage = (bytes: Uint8Array): Uint8Array => {
    const result: number[] = [];
    let left = 0;
    for (const byte of bytes) {
      if (random() < burst) left = 1 + Math.floor(random() * burstBytes);
      const kind = left > 0 ? Math.floor(random() * 3) : -1;
      left--;
      if (kind === 0 || random() < drop) {
        damaged++;
      } else if (kind === 1 || random() < flip) {
        damaged++;
        result.push(byte ^ (1 << Math.floor(random() * 8)));
      } else if (kind === 2 || random() < double) {
        damaged++;
        result.push(byte, byte);
      } else {
        result.push(byte);
      }
    }
    return Uint8Array.from(result);
  };

  /** One after the other, some of them late. */
  const queue = () => {
    let last: Promise<unknown> = Promise.resolve();
    return (deliver: () => unknown) => {
      const wait = random() < delay ? random() * delayMs : 0;
      last = last.then(() => (wait ? new Promise((resolve) => setTimeout(resolve, wait)) : undefined)).then(deliver);
    };
  };
  const outward = queue();
  const inward = queue();

  return {
    name: wire.name,
    baud: wire.baud,
    damaged: () => damaged,
    write: async (bytes) => {
      const sent = damage(bytes);
      outward(() => wire.write(sent).catch(() => {}));
    },
    listen: (onData, onEnd) => wire.listen((bytes) => inward(() => onData(damage(bytes))), onEnd),
    close: () => wire.close(),
  };
}
