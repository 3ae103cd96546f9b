/**
 * AdaRound (Nagel et al., ICML 2020; post-training.md 2.2): whether a weight is rounded up or down is relaxed to a number
 * h(V) = clip(1.2 σ(V) - 0.1, 0, 1), and V learns by Adam what answers best:
 *
 *     tr((W* - Ŵ) H (W* - Ŵ)ᵀ) + λ Σ (1 - |2h - 1|^β),   Ŵ = s clamp(⌊W* / s⌋ + h(V))
 *
 * H says everything about the samples, so the gradient, -2 s ((W* - Ŵ) H) ∘ h'(V), is one product per step and nothing has
 * to run through the network.
 */
import { type Matrix, matrix, trace } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { type Rounding, type RoundingProblem, roundToNearest, rowErrors } from './problem.ts';

const STEPS = 1000;
const LEARNING_RATE = 0.02;
/** Share of the steps before h is drawn to 0 and 1, and the exponent β from its start to its end. */
const WARM_UP = 0.2;
const [FIRST_BETA, LAST_BETA] = [20, 2];
/** In squared steps; the paper's 0.01 is in squared answers of its networks. */
const LAMBDA = 0.3;
const [STRETCH, OFFSET] = [1.2, -0.1];

function sigmoid(v: number): number {
  return 1 / (1 + Math.exp(-v));
}

/** h(V). */
export function rectifiedSigmoid(v: number): number {
  return Math.max(0, Math.min(1, STRETCH * sigmoid(v) + OFFSET));
}

/** h'(V): 0 where h is clipped. */
export function rectifiedSigmoidSlope(v: number): number {
  const s = sigmoid(v);
  const h = STRETCH * s + OFFSET;
  return h > 0 && h < 1 ? STRETCH * s * (1 - s) : 0;
}

/** ⌊W* / s⌋ and the first V, for which Ŵ = W*. */
function start({ target, scales, isFree }: RoundingProblem): { floors: Float64Array; v: Float64Array } {
  const floors = new Float64Array(target.data.length);
  const v = new Float64Array(target.data.length);
  target.data.forEach((w, i) => {
    const steps = w / (scales[Math.floor(i / target.columns)] as number);
    floors[i] = isFree[i] ? Math.floor(steps) : 0;
    const h = Math.max(1e-6, Math.min(1 - 1e-6, steps - Math.floor(steps)));
    v[i] = -Math.log(STRETCH / (h - OFFSET) - 1);
  });
  return { floors, v };
}

/**
 * The error in squared steps, (W* - Ŵ) in units of s and H of mean diagonal 1, so that λ means the same for every layer;
 * and its gradient for V.
 * @param hessian H / mean of its diagonal
 */
export function roundingGradient(
  problem: RoundingProblem,
  hessian: Matrix,
  floors: Float64Array,
  v: Float64Array,
): { error: number; gradient: Float64Array } {
  const { target, scales, largest, isFree } = problem;
  const { rows, columns } = target;
  const left = matrix(rows, columns);
  const isClamped = (i: number) => Math.abs((floors[i] as number) + rectifiedSigmoid(v[i] as number)) > largest;
  for (let i = 0; i < v.length; i++) {
    const steps = isFree[i] ? (floors[i] as number) + rectifiedSigmoid(v[i] as number) : 0;
    const w = (target.data[i] as number) / (scales[Math.floor(i / columns)] as number);
    left.data[i] = w - Math.max(-largest, Math.min(largest, steps));
  }
  const product = multiply(left, hessian).data;
  let error = 0;
  const gradient = product.map((value, i) => {
    error += value * (left.data[i] as number);
    return isFree[i] && !isClamped(i) ? -2 * value * rectifiedSigmoidSlope(v[i] as number) : 0;
  });
  return { error, gradient };
}

/** λ (1 - |2h - 1|^β) by V. */
function regularizerSlope(v: number, beta: number): number {
  const d = 2 * rectifiedSigmoid(v) - 1;
  return -LAMBDA * beta * Math.abs(d) ** (beta - 1) * Math.sign(d) * 2 * rectifiedSigmoidSlope(v);
}

/** Adam with the usual constants. */
class Adam {
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private steps = 0;

  constructor(private readonly parameters: Float64Array) {
    this.first = new Float64Array(parameters.length);
    this.second = new Float64Array(parameters.length);
  }

  step(gradient: ArrayLike<number>): void {
    this.steps++;
    const [own, squared] = [1 - 0.9 ** this.steps, 1 - 0.999 ** this.steps];
    for (let i = 0; i < this.parameters.length; i++) {
      const g = gradient[i] as number;
      this.first[i] = 0.9 * (this.first[i] as number) + 0.1 * g;
      this.second[i] = 0.999 * (this.second[i] as number) + 0.001 * g * g;
      const change = (this.first[i] as number) / own / (Math.sqrt((this.second[i] as number) / squared) + 1e-8);
      this.parameters[i] = (this.parameters[i] as number) - LEARNING_RATE * change;
    }
  }
}

export const adaround: Rounding = (problem) => {
  const { target, hessian, largest, isFree } = problem;
  const mean = trace(hessian) / hessian.rows;
  const normalized = { ...hessian, data: hessian.data.map((value) => value / mean) };
  const { floors, v } = start(problem);
  const adam = new Adam(v);
  for (let step = 0; step < STEPS; step++) {
    const { gradient } = roundingGradient(problem, normalized, floors, v);
    const progress = (step / STEPS - WARM_UP) / (1 - WARM_UP);
    const beta = LAST_BETA + ((FIRST_BETA - LAST_BETA) * (1 + Math.cos(Math.PI * progress))) / 2;
    adam.step(progress < 0 ? gradient : gradient.map((g, i) => g + regularizerSlope(v[i] as number, beta)));
  }
  const learned = Int8Array.from(floors, (floor, i) =>
    isFree[i] ? Math.max(-largest, Math.min(largest, floor + Number(rectifiedSigmoid(v[i] as number) >= 0.5))) : 0,
  );
  // Rows that learned nothing better stay as they were.
  const nearest = roundToNearest(problem);
  const [errors, before] = [rowErrors(problem, learned), rowErrors(problem, nearest)];
  return learned.map((integer, i) => {
    const row = Math.floor(i / target.columns);
    return (errors[row] as number) <= (before[row] as number) ? integer : (nearest[i] as number);
  });
};
