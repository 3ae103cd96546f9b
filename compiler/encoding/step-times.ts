/** What the steps of plans take on this machine's SIMD runtime: what encodings are chosen by where time was asked for. */
import { Engine } from '../engine.ts';
import { writePackedModel } from '../packed/write.ts';
import type { ExecutionPlan } from '../plan/plan.ts';
import { fullRuntime } from '../root.ts';

/** A step runs again and again for so long, once a round. */
const SAMPLE_US = 500;
const LEAST_ROUNDS = 7;
const MOST_ROUNDS = 30;
/** A least time that fell by more than this, in the last rounds, may fall on: V8 compiles a hot loop anew while it runs. */
const FALLING = 0.98;
const SETTLED_ROUNDS = 4;
/** Microseconds may be this share of others' to count as less: what is nearer is noise. */
const FASTER = 0.95;

/** Microseconds of one step, a number per round. */
export type Rounds = readonly number[];

/** Microseconds of the quickest round. */
export const leastTime = (rounds: Rounds): number => Math.min(...rounds);

/**
 * Whether a step is faster than another that was timed in turns with it: by its least time and in most of the rounds,
 * so that neither a quiet moment of the one nor a busy one of the other decides.
 */
export function isFaster(rounds: Rounds, others: Rounds): boolean {
  const won = rounds.filter((us, round) => us < FASTER * (others[round] as number)).length;
  return leastTime(rounds) < FASTER * leastTime(others) && 2 * won > rounds.length;
}

/** Whether the last rounds brought a time that is less than before by more than noise. */
function isFalling(rounds: Rounds): boolean {
  return leastTime(rounds) < FALLING * leastTime(rounds.slice(0, -SETTLED_ROUNDS));
}

/** Microseconds of each step of each plan, all plans in turns, until they fall no more. @returns [plan][step][round] */
export async function timeSteps(plans: readonly ExecutionPlan[]): Promise<Rounds[][]> {
  const engines = await Promise.all(
    plans.map(async (plan) =>
      Engine.create(await fullRuntime('simd'), writePackedModel(plan, { name: 'timing', inputs: [], outputs: [], steps: [] })),
    ),
  );
  const times = plans.map(({ steps }) => steps.map((): number[] => []));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= LEAST_ROUNDS && !times.flat().some(isFalling)) break;
    engines.forEach((engine, plan) => {
      (times[plan] as number[][]).forEach((rounds, step) => {
        rounds.push(stepTime(engine, step));
      });
    });
  }
  return times;
}

function stepTime(engine: Engine, step: number): number {
  let runs = 0;
  const start = performance.now();
  let elapsed = 0;
  while (elapsed < SAMPLE_US) {
    engine.runSteps(step, step + 1);
    runs++;
    elapsed = (performance.now() - start) * 1000;
  }
  return elapsed / runs;
}
