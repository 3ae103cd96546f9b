/**
 * Global analytic empirical variational Bayesian matrix factorization (Nakajima, Sugiyama, Babacan, Tomioka, JMLR 14,
 * 2013; methods.md 10.2): how many components of a noisy matrix are more than noise.
 */
import type { Matrix } from './matrix.ts';
import { smallerGram } from './multiply.ts';
import { squaredNorm } from './svd.ts';
import { symmetricEigenvalues } from './symmetric-eigen.ts';

export interface VbmfEstimate {
  readonly rank: number;
  /** Variance of the noise, σ². */
  readonly noiseVariance: number;
  /** Singular values above this count. */
  readonly threshold: number;
  /** The kept singular values, shrunk by what the noise adds. */
  readonly shrunk: Float64Array;
}

/** Φ(z) = ln(z + 1) / z - 1/2. */
function phi(z: number): number {
  return Math.log1p(z) / z - 0.5;
}

/** The root of Φ(τ) + Φ(τ / α): by bisection, the usual closed form is off by 11 % for long matrices. */
export function vbmfTau(alpha: number): number {
  let [low, high] = [1e-9, 2.6];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (phi(middle) + phi(middle / alpha) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function tauOf(x: number, alpha: number): number {
  const shifted = x - (1 + alpha);
  return (shifted + Math.sqrt(Math.max(0, shifted * shifted - 4 * alpha))) / 2;
}

const GRID = 400;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Smallest f over a logarithmic grid, refined by golden section: the function has several valleys. */
function minimize(f: (x: number) => number, low: number, high: number): number {
  const at = (i: number) => low * (high / low) ** (i / GRID);
  let best = 0;
  for (let i = 1; i <= GRID; i++) if (f(at(i)) < f(at(best))) best = i;
  let [a, b] = [at(Math.max(0, best - 1)), at(Math.min(GRID, best + 1))];
  for (let i = 0; i < 100; i++) {
    const [c, d] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
    if (f(c) < f(d)) b = d;
    else a = c;
  }
  return (a + b) / 2;
}

/** @param a any shape: the longer side is taken as columns */
export function vbmf(a: Matrix): VbmfEstimate {
  const [l, m] = [Math.min(a.rows, a.columns), Math.max(a.rows, a.columns)];
  const alpha = l / m;
  const squares = symmetricEigenvalues(smallerGram(a));
  const largest = Math.sqrt(Math.max(0, squares[0] as number));
  if (!(largest > 0)) return { rank: 0, noiseVariance: 0, threshold: 0, shrunk: new Float64Array(0) };
  // Below is the rounding of the Gram matrix; an exactly low-rank matrix would have no noise at all.
  const g = squares.map((value) => Math.max(Math.sqrt(Math.max(0, value)), 1e-7 * largest));
  const tau = vbmfTau(alpha);
  const edge = (1 + tau) * (1 + alpha / tau);
  const omega = (variance: number) => {
    let sum = 0;
    for (const value of g) {
      const x = (value * value) / (m * variance);
      sum += x - Math.log(x);
      if (x > edge) {
        const t = tauOf(x, alpha);
        sum += Math.log1p(t) + alpha * Math.log1p(t / alpha) - t;
      }
    }
    return sum;
  };
  const noisy = Math.min(Math.ceil(l / (1 + alpha)) - 1, l);
  const tail = g.slice(noisy).reduce((sum, value) => sum + value * value, 0);
  const low = Math.max((g[Math.min(noisy, l - 1)] as number) ** 2 / (m * edge), tail / (m * Math.max(1, l - noisy)));
  const high = Math.max(squaredNorm(a) / (l * m), low * (1 + 1e-9));
  const noiseVariance = minimize(omega, low, high);
  const threshold = Math.sqrt(noiseVariance * m * edge);
  const kept = g.filter((value) => value > threshold);
  const shrunk = kept.map((value) => {
    const share = 1 - ((l + m) * noiseVariance) / (value * value);
    return (value / 2) * (share + Math.sqrt(Math.max(0, share * share - (4 * l * m * noiseVariance ** 2) / value ** 4)));
  });
  return { rank: kept.length, noiseVariance, threshold, shrunk };
}
