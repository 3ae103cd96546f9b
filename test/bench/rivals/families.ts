/**
 * What one method alone can make of a network: every method of `whittle compress --list-methods` with the variants that
 * change what it does, each with the one number that makes it stronger. Weights and activations are int8 behind it.
 */

type Settings = Readonly<Record<string, unknown>>;

/** What a recipe has beside its frame: one step, or the widths and the rounding of the weights. */
export interface Setting {
  readonly step?: Settings;
  readonly quantize?: Settings;
}

export interface Family {
  /** Unique: the method and what is the same at every strength. */
  readonly name: string;
  /** As --list-methods names it; absent: a setting of the quantizer. */
  readonly method?: string;
  /** From the mildest to the strongest value; equal: there is no strength. */
  readonly range: readonly [mild: number, strong: number];
  readonly isWhole?: boolean;
  /** @param layers the network's layers, those with the most weights first */
  setting(value: number, layers: readonly string[]): Setting;
}

const four = (value: number) => Number(value.toPrecision(4));

/** A method whose option `key` is its strength. */
function option(method: string, key: string, range: Family['range'], fixed: Settings = {}, isWhole = false): Family {
  const words = Object.values(fixed).map((value) => (typeof value === 'object' ? JSON.stringify(value) : value));
  return {
    name: [method, key, ...words].join(' '),
    method,
    range,
    isWhole,
    setting: (value) => ({ step: { method, [key]: four(value), ...fixed } }),
  };
}

/** A method that has no strength of its own: as it is, and on so many of the layers with the most weights. */
function onLayers(method: string, fixed: Settings = {}): Family {
  return {
    name: [method, 'on so many layers', ...Object.values(fixed)].join(' '),
    method,
    range: [1, Number.POSITIVE_INFINITY],
    isWhole: true,
    setting: (count, layers) => ({ step: { method, layers: layers.slice(0, count), ...fixed } }),
  };
}

function alone(method: string, fixed: Settings = {}): Family {
  return { name: [method, ...Object.values(fixed)].join(' '), method, range: [1, 1], setting: () => ({ step: { method, ...fixed } }) };
}

function fourBits(rounding: string): Family {
  return {
    name: `4-bit weights, ${rounding}, on so many layers`,
    range: [1, Number.POSITIVE_INFINITY],
    isWhole: true,
    setting: (count, layers) => ({
      quantize: { rounding, weightBits: Object.fromEntries(layers.slice(0, count).map((layer) => [layer, 4])) },
    }),
  };
}

function allBits(bits: number, rounding: string): Family {
  return { name: `${bits}-bit weights, ${rounding}`, range: [1, 1], setting: () => ({ quantize: { rounding, weightBits: bits } }) };
}

/** A way to choose channels whose strength is inside the option `target`. */
function target(method: string, key: string, fixed: Settings): Family {
  return {
    name: [method, key, ...Object.values(fixed)].join(' '),
    method,
    range: [1, 0.1],
    setting: (value) => ({ step: { method, target: { [key]: four(value) }, ...fixed } }),
  };
}

const share: Family['range'] = [0.95, 0.05];
const zeros: Family['range'] = [0.05, 0.95];
const quick = { sweeps: 50, restarts: 1 };
const roundings = ['nearest', 'gptq', 'optimal-brain-quantizer', 'coordinate-descent', 'adaround'];

export const families: readonly Family[] = [
  option('k-means-codebook', 'clusters', [120, 4], {}, true),
  option('k-means-codebook', 'clusters', [120, 4], { layers: '*' }, true),
  option('k-means-codebook', 'clusters', [120, 4], { sweeps: 0 }, true),
  onLayers('k-means-codebook', { clusters: 16 }),
  onLayers('k-means-codebook', { clusters: 32 }),
  onLayers('int4-groups'),
  ...roundings.map(fourBits),
  ...['nearest', 'coordinate-descent'].flatMap((rounding) => [7.5, 7].map((bits) => allBits(bits, rounding))),
  option('fixed-point-weights', 'range', [1, 16]),
  ...['layer', 'global', 'lamp'].map((scope) => option('magnitude-pruning', 'sparsity', zeros, { scope })),
  option('magnitude-pruning', 'sparsity', zeros, { layers: '*', scope: 'global' }),
  option('magnitude-pruning', 'sparsity', zeros, { rounds: 4 }),
  ...['vector', 'kernel', 'filter', 'column', 'block-1x16', 'block-16x4'].map((granularity) =>
    option('magnitude-pruning', 'sparsity', zeros, { granularity }),
  ),
  option('magnitude-pruning', 'deviations', [0.05, 2]),
  option('magnitude-pruning', 'threshold', [0.005, 0.1]),
  option('magnitude-pruning', 'sensitivity', [0.001, 1]),
  alone('magnitude-pruning', { pattern: '2:4' }),
  ...['row', 'layer', 'network'].map((scope) => option('optimal-brain-surgeon', 'sparsity', zeros, { scope })),
  ...['row', 'layer'].map((scope) => option('sparse-gpt', 'sparsity', zeros, { scope })),
  option('sparse-gpt', 'sparsity', zeros, { layers: '*' }),
  alone('sparse-gpt', { pattern: '2:4' }),
  alone('remove-dead-channels'),
  option('remove-constant-channels', 'tolerance', [0.00001, 1]),
  option('merge-duplicate-channels', 'tolerance', [0.001, 1], { correlation: 0.5 }),
  option('remove-rare-channels', 'firing', [0.01, 1]),
  ...['l1', 'l2'].map((norm) => option('prune-filters', 'keep', [1, 0.1], { norm })),
  option('prune-by-importance', 'keep', [1, 0.1]),
  ...['channel-pruning-lasso', 'linear-neural-reconstruction'].flatMap((method) => [
    ...['top-down', 'combined'].map((chaining) => target(method, 'keep', { chaining })),
    ...['parallel', 'top-down', 'bottom-up', 'combined'].map((chaining) => target(method, 'parameters', { chaining })),
  ]),
  ...['asymmetric', 'rectified', 'responses', 'weights'].map((fit) => option('low-rank', 'ratio', share, { fit })),
  option('low-rank', 'energy', [0.999, 0.2]),
  option('low-rank', 'macs', share),
  option('soft-low-rank', 'lambda', [0.001, 0.5]),
  ...[0.3, 0.7].map((sparse) => option('low-rank-plus-sparse', 'ratio', share, { sparse })),
  option('low-rank-plus-channels', 'ratio', share),
  option('spatial-factors', 'ratio', share),
  option('spatial-factors', 'energy', [0.999, 0.2]),
  option('tucker-factors', 'energy', [0.999, 0.2]),
  option('cp-factors', 'ratio', share, quick),
  option('cp-factors', 'ratio', share, { modes: 4, ...quick }),
  option('depthwise-factors', 'ratio', share),
  option('flattened-factors', 'ratio', share),
  option('tensor-train-factors', 'ratio', share),
  alone('refit-layers'),
  alone('block-reconstruction'),
  alone('cross-layer-equalization'),
  alone('absorb-high-biases'),
];
