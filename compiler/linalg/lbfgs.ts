/** Minimization of smooth functions of many variables: limited-memory BFGS (Liu and Nocedal 1989), steps halved until they pay. */
import { innerProduct } from './matrix.ts';

export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  readonly iterations?: number;
  /** Pairs of steps and changes of the gradient that are remembered. */
  readonly memory?: number;
  /** It ends when an iteration improves the value by less than this share. */
  readonly tolerance?: number;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
}

/** Share of the predicted decrease that a step must bring (Armijo). */
const SUFFICIENT = 1e-4;
const LARGEST_HALVINGS = 30;

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

function addTo(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (source[i] as number);
}

/** -H g by the two loops (Nocedal 1980). */
function direction(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map((value) => -value);
  const last = pairs.at(-1);
  if (!last) {
    const length = Math.sqrt(innerProduct(q, q)) || 1;
    return q.map((value) => value / length);
  }
  const shares = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, curvature } = pairs[i] as Pair;
    shares[i] = innerProduct(step, q) / curvature;
    addTo(q, change, -(shares[i] as number));
  }
  const scale = last.curvature / innerProduct(last.change, last.change);
  for (let i = 0; i < q.length; i++) q[i] = (q[i] as number) * scale;
  pairs.forEach(({ step, change, curvature }, i) => {
    addTo(q, step, (shares[i] as number) - innerProduct(change, q) / curvature);
  });
  return q;
}

export function minimize(
  evaluate: (x: Float64Array) => Evaluation,
  start: Float64Array,
  { iterations = 300, memory = 20, tolerance = 1e-9 }: LbfgsOptions = {},
): Minimum {
  let x = start;
  let { value, gradient } = evaluate(x);
  const pairs: Pair[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    let toward = direction(gradient, pairs);
    let slope = innerProduct(toward, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      toward = direction(gradient, pairs);
      slope = innerProduct(toward, gradient);
    }
    let next: (Evaluation & { x: Float64Array }) | undefined;
    for (let length = 1, halvings = 0; halvings < LARGEST_HALVINGS; halvings++) {
      const tried = x.map((number, i) => number + length * (toward[i] as number));
      const found = evaluate(tried);
      if (found.value <= value + SUFFICIENT * length * slope) {
        next = { ...found, x: tried };
        break;
      }
      // The minimum of the parabola through both values and the slope, kept within reason.
      const parabola = (-slope * length * length) / (2 * (found.value - value - slope * length));
      length = Number.isFinite(parabola) ? Math.min(0.5 * length, Math.max(0.1 * length, parabola)) : 0.5 * length;
    }
    if (!next) return { x, value, iterations: iteration };
    const step = next.x.map((number, i) => number - (x[i] as number));
    const change = next.gradient.map((number, i) => number - (gradient[i] as number));
    const curvature = innerProduct(step, change);
    if (curvature > 1e-12 * innerProduct(change, change)) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    const gained = value - next.value;
    ({ x, value, gradient } = next);
    if (gained <= tolerance * Math.abs(value)) return { x, value, iterations: iteration + 1 };
  }
  return { x, value, iterations };
}
