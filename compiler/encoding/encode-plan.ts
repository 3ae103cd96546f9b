/**
 * Replaces plain int8 weights of a plan by encodings, layer by layer: the fewest bytes, or the least measured time on this
 * machine's SIMD runtime. The numbers that a layer computes do not change.
 */
import * as format from '../../runtime-as/format.ts';
import type { ExecutionPlan, PlannedStep, PlannedTensor } from '../plan/plan.ts';
import type { WeightEncoding, WeightMatrix } from './encoding.ts';
import { encodings } from './index.ts';
import { isFaster, leastTime, type Rounds, timeSteps } from './step-times.ts';

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

/** Encodings that leave out what is zero while they run. */
const blocks = encodings.filter(({ execution }) => execution === 'blocks');
const skips = (encoding: string) => blocks.some(({ name }) => name === encoding);

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

function smallest<C extends EncodingCandidate>(candidates: readonly C[]): C {
  const [dense] = candidates as readonly [C, ...C[]];
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

/** Microseconds of a layer in an encoding, round by round. */
export type TimesOf = (encoding: string) => Rounds;

/**
 * The fastest of a layer's candidates; the smallest, where nothing that skips zeros is faster than plain weights.
 * @param candidates plain weights first
 * @param timesOf of every candidate, as many rounds of each
 */
export function chooseByTime<C extends EncodingCandidate>(candidates: readonly C[], timesOf: TimesOf): C {
  const [dense] = candidates as readonly [C, ...C[]];
  const times = timesOf(dense.encoding);
  // Blocks that leave nothing out multiply as much as plain weights do, whatever the clock says.
  const faster = candidates.filter(({ encoding, bytes }) => bytes < dense.bytes && skips(encoding) && isFaster(timesOf(encoding), times));
  if (faster.length === 0) return smallest(candidates.filter(({ encoding }) => !skips(encoding)));
  return faster.reduce((a, b) => (leastTime(timesOf(b.encoding)) < leastTime(timesOf(a.encoding)) ? b : a));
}

/** The fastest encoding of every layer, measured; among those that cost no time, the smallest. */
export async function encodeForTime(plan: ExecutionPlan): Promise<EncodedPlan> {
  const times = await timeSteps([plan, ...blocks.map(({ name }) => encodeAs(plan, name).plan)]);
  // Everything but blocks becomes plain panels at load.
  const timesAt =
    (step: number): TimesOf =>
    (encoding) =>
      times[blocks.findIndex(({ name }) => name === encoding) + 1]?.[step] as Rounds;
  const result = choose(plan, (candidates, step) => chooseByTime(candidates, timesAt(step)), encodings);
  const stepOf = new Map(plan.steps.map(({ node }, index) => [node, index]));
  const choices = result.choices.map((choice) => {
    const timesOf = timesAt(stepOf.get(choice.node) as number);
    return {
      ...choice,
      candidates: choice.candidates.map((candidate) => ({ ...candidate, us: leastTime(timesOf(candidate.encoding)) })),
    };
  });
  return { plan: result.plan, choices };
}

/** @param goal see EncodingGoal */
export async function encodePlan(plan: ExecutionPlan, goal: EncodingGoal): Promise<EncodedPlan> {
  if (goal === 'dense') return { plan, choices: [] };
  return goal === 'bytes' ? encodeForBytes(plan) : encodeForTime(plan);
}
