/** Contestants in turns: every round each runs once for about the same time, so that what else the machine does meets all alike. */
import { quantile } from '../../../devices/statistics.ts';
import type { Seat, Turn } from './host.ts';

/** Microseconds per inference over the rounds. */
export interface Times {
  readonly minUs: number;
  readonly medianUs: number;
  readonly p10Us: number;
  readonly p90Us: number;
  readonly cpuMinUs: number;
  readonly cpuMedianUs: number;
  readonly runsPerTurn: number;
}

export interface RaceOptions {
  readonly rounds: number;
  /** Length of one turn. */
  readonly turnUs: number;
}

/** Engines compile hot code later; half a second of running is enough for all of these runtimes. */
const WARM_UP_US = 500_000;

async function warmUp(seat: Seat): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let runs = 1;
  for (let elapsed = 0; elapsed < WARM_UP_US; ) {
    const { us } = await seat.time(runs);
    elapsed += us;
    best = Math.min(best, us / runs);
    runs = Math.max(1, Math.ceil(20_000 / best));
  }
  return best;
}

export async function race(seats: readonly Seat[], { rounds, turnUs }: RaceOptions): Promise<Times[]> {
  const runs: number[] = [];
  for (const seat of seats) runs.push(Math.max(1, Math.ceil(turnUs / (await warmUp(seat)))));
  const turns: Turn[][] = seats.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < seats.length; k++) {
      // Who goes first changes, so that nobody always follows the same neighbour's garbage.
      const i = (k + round) % seats.length;
      turns[i]?.push(await (seats[i] as Seat).time(runs[i] as number));
    }
  }
  return turns.map((list, i) => {
    const sorted = (key: keyof Turn) => list.map((turn) => turn[key] / (runs[i] as number)).sort((a, b) => a - b);
    const [wall, cpu] = [sorted('us'), sorted('cpuUs')];
    return {
      minUs: wall[0] as number,
      medianUs: quantile(wall, 0.5),
      p10Us: quantile(wall, 0.1),
      p90Us: quantile(wall, 0.9),
      cpuMinUs: cpu[0] as number,
      cpuMedianUs: quantile(cpu, 0.5),
      runsPerTurn: runs[i] as number,
    };
  });
}
