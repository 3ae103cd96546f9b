/**
 * Replaces plain int8 weights of a plan by encodings, layer by layer: the fewest bytes, or the least measured time on this
 * machine's SIMD runtime. The numbers that a layer computes do not change.
 */
import * as format from '../../runtime-as/format.ts';
import { Engine } from '../engine.ts';
import { writePackedModel } from '../packed/write.ts';
import type { ExecutionPlan, PlannedStep, PlannedTensor } from '../plan/plan.ts';
import { fullRuntime } from '../root.ts';
import type { WeightEncoding, WeightMatrix } from './encoding.ts';
import { encodings } from './index.ts';

export const encodingGoals = ['dense', 'bytes', 'time'] as const;
/** `dense`: plain weights. `bytes`: the smallest. `time`: the fastest, the smallest of those that are as fast as plain ones. */
export type EncodingGoal = (typeof encodingGoals)[number];

export interface EncodingCandidate {
  /** `dense`, or the encoding's name. */
  readonly encoding: string;
  readonly bytes: number;
  /** Measured here, where time was asked for; encodings that become plain panels at load take the plain time. */
  readonly us?: number;
}

/** What was chosen for a layer, and from what. */
export interface EncodingChoice {
  readonly node: string;
  readonly encoding: string;
  readonly candidates: readonly EncodingCandidate[];
}

export interface EncodedPlan {
  readonly plan: ExecutionPlan;
  readonly choices: readonly EncodingChoice[];
}

interface Candidate extends EncodingCandidate {
  readonly opcode: number;
  readonly data?: Uint8Array;
}

/** Steps shorter than this are not worth a slower start: constants are padded to 16 bytes anyway. */
const WORTHWHILE_BYTES = 32;
const REPEATS = 7;
const SAMPLE_US = 500;

/** The plain weights of an int8 convolution without groups; undefined for other steps. */
function weightsOf(plan: ExecutionPlan, { opcode, operands, parameters }: PlannedStep): WeightMatrix | undefined {
  if (opcode !== format.OPCODE_CONV2D_INT8 || parameters[format.CONV_GROUPS] !== 1) return undefined;
  const tensor = plan.tensors[operands[1] as number];
  const rows = parameters[format.CONV_OUT_CHANNELS] as number;
  if (!(tensor?.constant instanceof Int8Array)) return undefined;
  return { data: tensor.constant, rows, columns: tensor.constant.length / rows };
}

function candidatesOf(weights: WeightMatrix, list: readonly WeightEncoding[]): Candidate[] {
  const dense: Candidate = { encoding: 'dense', bytes: weights.data.length, opcode: format.OPCODE_CONV2D_INT8 };
  const encoded = list.flatMap((encoding): Candidate[] => {
    const data = encoding.encode(weights);
    return data ? [{ encoding: encoding.name, bytes: data.length, opcode: encoding.opcode, data }] : [];
  });
  return [dense, ...encoded];
}

function smallest(candidates: readonly Candidate[]): Candidate {
  const [dense] = candidates as [Candidate];
  const best = candidates.reduce((a, b) => (b.bytes < a.bytes ? b : a), dense);
  return best.bytes + WORTHWHILE_BYTES <= dense.bytes ? best : dense;
}

/** The plan with these candidates in place of the weights of their steps. */
function substitute(plan: ExecutionPlan, chosen: ReadonlyMap<number, Candidate>): ExecutionPlan {
  const tensors: PlannedTensor[] = [...plan.tensors];
  const steps = plan.steps.map((step, index) => {
    const candidate = chosen.get(index);
    if (!candidate?.data) return step;
    const { name, promises } = plan.tensors[step.operands[1] as number] as PlannedTensor;
    const constant = new Int8Array(candidate.data.buffer, candidate.data.byteOffset, candidate.data.length);
    tensors.push({
      name: `${name}.${candidate.encoding}`,
      type: { dtype: 'int8', shape: [constant.length] },
      offset: 0,
      constant,
      ...(promises && { promises }),
    });
    return { ...step, opcode: candidate.opcode, operands: step.operands.map((operand, i) => (i === 1 ? tensors.length - 1 : operand)) };
  });
  return withoutUnused({ ...plan, tensors, steps });
}

/** Drops constants that no step reads any more. */
function withoutUnused(plan: ExecutionPlan): ExecutionPlan {
  const used = new Set([...plan.steps.flatMap(({ operands }) => operands), ...plan.inputs, ...plan.outputs]);
  const kept = plan.tensors.flatMap((_, i) => (used.has(i) ? [i] : []));
  const place = new Map(kept.map((old, index) => [old, index]));
  const renumber = (indices: readonly number[]) => indices.map((index) => place.get(index) as number);
  return {
    ...plan,
    tensors: kept.map((index) => plan.tensors[index] as PlannedTensor),
    steps: plan.steps.map((step) => ({ ...step, operands: renumber(step.operands) })),
    inputs: renumber(plan.inputs),
    outputs: renumber(plan.outputs),
  };
}

/** The smallest encoding of every layer. */
export function encodeForBytes(plan: ExecutionPlan): EncodedPlan {
  return choose(plan, (candidates) => smallest(candidates), encodings);
}

/** One encoding wherever it is possible. @param name of the encoding */
export function encodeAs(plan: ExecutionPlan, name: string): EncodedPlan {
  const list = encodings.filter((encoding) => encoding.name === name);
  return choose(plan, (candidates) => candidates.at(-1) as Candidate, list);
}

function choose(
  plan: ExecutionPlan,
  pick: (candidates: readonly Candidate[], step: number) => Candidate,
  list: readonly WeightEncoding[],
): EncodedPlan {
  const chosen = new Map<number, Candidate>();
  const choices: EncodingChoice[] = [];
  plan.steps.forEach((step, index) => {
    const weights = weightsOf(plan, step);
    if (!weights) return;
    const candidates = candidatesOf(weights, list);
    const candidate = pick(candidates, index);
    chosen.set(index, candidate);
    choices.push({
      node: step.node,
      encoding: candidate.encoding,
      candidates: candidates.map(({ encoding, bytes }) => ({ encoding, bytes })),
    });
  });
  return { plan: substitute(plan, chosen), choices };
}

/** Least microseconds of each step, all plans in turns: the machine's moods meet all of them. */
async function measureSteps(plans: readonly ExecutionPlan[]): Promise<number[][]> {
  const engines = await Promise.all(
    plans.map(async (plan) =>
      Engine.create(await fullRuntime('simd'), writePackedModel(plan, { name: 'timing', inputs: [], outputs: [], steps: [] })),
    ),
  );
  const least = plans.map(({ steps }) => new Array<number>(steps.length).fill(Number.POSITIVE_INFINITY));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    engines.forEach((engine, i) => {
      for (let step = 0; step < (least[i] as number[]).length; step++) {
        const us = stepTime(engine, step);
        (least[i] as number[])[step] = Math.min((least[i] as number[])[step] as number, us);
      }
    });
  }
  return least;
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

/** Blocks must be so much faster than plain weights to be chosen: less is noise. */
const FASTER = 0.95;

/** The fastest encoding of every layer, measured; among those that cost no time, the smallest. */
export async function encodeForTime(plan: ExecutionPlan): Promise<EncodedPlan> {
  const blocks = encodings.filter(({ execution }) => execution === 'blocks');
  const times = await measureSteps([plan, ...blocks.map(({ name }) => encodeAs(plan, name).plan)]);
  const timeOf = (name: string, step: number): number => {
    const place = blocks.findIndex((encoding) => encoding.name === name);
    // Everything but blocks becomes plain panels at load.
    return ((place < 0 ? times[0] : times[place + 1]) as number[])[step] as number;
  };
  const result = choose(
    plan,
    (candidates, step) => {
      const dense = timeOf('dense', step);
      const fastest = candidates.reduce((a, b) => (timeOf(b.encoding, step) < timeOf(a.encoding, step) ? b : a));
      if (timeOf(fastest.encoding, step) < FASTER * dense) return fastest;
      return smallest(candidates.filter(({ encoding }) => blocks.every(({ name }) => name !== encoding)));
    },
    encodings,
  );
  const stepOf = new Map(plan.steps.map(({ node }, index) => [node, index]));
  const choices = result.choices.map((choice) => ({
    ...choice,
    candidates: choice.candidates.map((candidate) => ({ ...candidate, us: timeOf(candidate.encoding, stepOf.get(choice.node) as number) })),
  }));
  return { plan: result.plan, choices };
}

/** @param goal see EncodingGoal */
export async function encodePlan(plan: ExecutionPlan, goal: EncodingGoal): Promise<EncodedPlan> {
  if (goal === 'dense') return { plan, choices: [] };
  return goal === 'bytes' ? encodeForBytes(plan) : encodeForTime(plan);
}
