/** The weights of a convolution as a sum of R products: W[t, (p, s)] = Σ_r T[t, r] S[s, r] P[p, r], or with P = I[i, r] J[j, r]. */
import { khatriRao } from '../linalg/cp.ts';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { normalRandom } from '../linalg/random.ts';
import { svd } from '../linalg/svd.ts';
import type { FactoredWeights } from './fit-factors.ts';
import { type Layer, windowOfLayer } from './layers.ts';

/** T, S, then P or I and J. */
type Factors = readonly [Matrix, Matrix, ...Matrix[]];

/** The gradient of a Khatri-Rao product with respect to its factor `mode`. @param gradient [Π rows, R] */
function contract(factors: readonly Matrix[], gradient: Matrix, mode: number): Matrix {
  const rank = gradient.columns;
  const others = factors.length > 1 ? khatriRao(factors, mode) : undefined;
  const extent = (factors[mode] as Matrix).rows;
  const inner = factors.slice(mode + 1).reduce((product, { rows }) => product * rows, 1);
  const result = matrix(extent, rank);
  for (let row = 0; row < gradient.rows; row++) {
    const i = Math.floor(row / inner) % extent;
    const other = Math.floor(row / (inner * extent)) * inner + (row % inner);
    for (let r = 0; r < rank; r++)
      result.data[i * rank + r] =
        (result.data[i * rank + r] as number) +
        (gradient.data[row * rank + r] as number) * (others ? (others.data[other * rank + r] as number) : 1);
  }
  return result;
}

/** In the order of a layer's columns: taps, then input channels. */
function columnFactors([, s, ...window]: Factors): Matrix[] {
  return [...window, s];
}

/** Factors in the order T, S, then P or I and J. */
export const cpWeights: FactoredWeights = {
  compose(factors) {
    const [t] = factors as Factors;
    return multiplyTransposed(t, khatriRao([t, ...columnFactors(factors as Factors)], 0));
  },
  pullBack(factors, gradient) {
    const [t] = factors as Factors;
    const columns = columnFactors(factors as Factors);
    const products = khatriRao([t, ...columns], 0);
    const ofProducts = transposedMultiply(gradient, t);
    const ofColumns = columns.map((_, mode) => contract(columns, ofProducts, mode));
    return [multiply(gradient, products), ofColumns.at(-1) as Matrix, ...ofColumns.slice(0, -1)];
  },
};

interface Component {
  readonly channel: number;
  readonly size: number;
  /** [outputs], [taps] */
  readonly output: Float64Array;
  readonly window: Float64Array;
}

/** The strongest products of all input channels: the singular triples of each channel's [outputs, taps]. */
function channelComponents(layer: Layer): Component[] {
  const { outputs, inputs, taps, weights } = layer;
  const components: Component[] = [];
  for (let channel = 0; channel < inputs; channel++) {
    const kernel = matrix(outputs, taps);
    for (let i = 0; i < kernel.data.length; i++) kernel.data[i] = weights[i * inputs + channel] as number;
    const { u, values, v } = svd(kernel);
    values.forEach((size, i) => {
      const output = Float64Array.from({ length: outputs }, (_, o) => u.data[o * u.columns + i] as number);
      const window = Float64Array.from({ length: taps }, (_, p) => v.data[p * v.columns + i] as number);
      components.push({ channel, size, output, window });
    });
  }
  return components.sort((a, b) => b.size - a.size);
}

/** i and j of a window that is nearest to i jᵀ, or the window as it is. */
function windowFactors(window: Float64Array, [kh, kw]: readonly [number, number], modes: 3 | 4): Float64Array[] {
  if (modes === 3) return [window];
  const { u, values, v } = svd(matrix(kh, kw, window), 1);
  const size = values[0] ?? 0;
  return [
    Float64Array.from({ length: kh }, (_, i) => (u.data[i] ?? 0) * size),
    Float64Array.from({ length: kw }, (_, j) => v.data[j] ?? 0),
  ];
}

/** Factors to start a fit from: the R strongest single products, each of one input channel. Beyond all of them, noise. */
export function startOfChannels(layer: Layer, rank: number, modes: 3 | 4, seed = 0): Matrix[] {
  const { kernel } = windowOfLayer(layer);
  const windowExtents = modes === 3 ? [layer.taps] : [...kernel];
  const factors = [layer.outputs, layer.inputs, ...windowExtents].map((extent) => matrix(extent, rank));
  const put = (factor: number, r: number, numbers: ArrayLike<number>, scale: number) => {
    const { rows, data } = factors[factor] as Matrix;
    for (let i = 0; i < rows; i++) data[i * rank + r] = scale * (numbers[i] as number);
  };
  const components = channelComponents(layer);
  const random = normalRandom(seed);
  const noise = 0.1 * Math.cbrt(components[0]?.size ?? 1);
  for (let r = 0; r < rank; r++) {
    const component = components[r];
    if (!component) {
      factors.forEach(({ rows }, factor) => {
        put(factor, r, Float64Array.from({ length: rows }, random), noise);
      });
      continue;
    }
    // Factors of about the same size are best conditioned.
    const each = Math.cbrt(component.size);
    put(0, r, component.output, each);
    (factors[1] as Matrix).data[component.channel * rank + r] = each;
    windowFactors(component.window, kernel, modes).forEach((numbers, i) => {
      put(2 + i, r, numbers, i === 0 ? each : 1);
    });
  }
  return factors;
}
