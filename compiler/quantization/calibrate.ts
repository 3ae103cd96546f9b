/** Runs the float graph over samples and keeps a histogram of every value whose range the quantizer must choose. */
import { InputFileError } from '../errors.ts';
import { Executor } from '../execute.ts';
import { type Graph, producerOf, type ValueName, valueOf } from '../graph.ts';
import { Histogram } from './histogram.ts';
import { knownOutput, sharedInputs } from './parameters.ts';
import { type CalibrationMethod, type Range, rangeOf } from './range.ts';

/** One inference: one array per graph input, in the values' own (channels-last) order. */
export type Sample = readonly ArrayLike<number>[];

/**
 * How much further than calibration saw a model's output may reach before it is clipped, as a share of its range. The
 * largest of a few thousand outputs is soon exceeded, and unlike a hidden value's, its error is seen by the user.
 */
const OUTPUT_MARGIN = 0.1;

export interface Calibration {
  readonly histograms: ReadonlyMap<ValueName, Histogram>;
  /** Values that were infinite or not a number on some sample: they cannot become int8. */
  readonly notFinite: ReadonlySet<ValueName>;
  readonly sampleCount: number;
}

/** The values to observe: those that do not take their parameters from a rule or from their inputs. */
export function observedValues(graph: Graph): Set<ValueName> {
  const isFloat = (name: ValueName) => valueOf(graph, name).type.dtype === 'float32';
  const names = new Set(graph.inputs.map((port) => port.value).filter(isFloat));
  for (const node of graph.nodes) {
    if (node.op.quantize.kind === 'fixed' || node.op.quantize.kind === 'same-as-input' || knownOutput(node)) continue;
    for (const output of node.outputs) if (isFloat(output)) names.add(output);
  }
  return names;
}

/**
 * @throws InputFileError when a sample holds a number that is not finite.
 */
export async function calibrate(
  graph: Graph,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  onSample: (count: number) => void = () => {},
): Promise<Calibration> {
  const executor = await Executor.create(graph);
  const histograms = new Map([...observedValues(graph)].map((name) => [name, new Histogram()]));
  const notFinite = new Set<ValueName>();
  let sampleCount = 0;
  for await (const sample of samples) {
    graph.inputs.forEach((port, i) => {
      if (histograms.get(port.value)?.add(sample[i] as ArrayLike<number>) === false) {
        throw new InputFileError(`sample ${sampleCount}: input "${port.name}" holds NaN or infinity; check the file and its preprocessing`);
      }
    });
    executor.run(sample, (name, data) => {
      if (histograms.get(name)?.add(data) === false) notFinite.add(name);
    });
    onSample(++sampleCount);
  }
  return { histograms, notFinite, sampleCount };
}

/**
 * The range of each observed value; values that were never finite have none. Those of the model's outputs are widened by
 * OUTPUT_MARGIN.
 */
export function rangesOf(graph: Graph, { histograms, notFinite }: Calibration, method: CalibrationMethod): Map<ValueName, Range> {
  const ranges = new Map<ValueName, Range>();
  for (const [name, histogram] of histograms) {
    if (histogram.count > 0 && !notFinite.has(name)) ranges.set(name, rangeOf(histogram, method));
  }
  for (const name of returnedValues(graph)) {
    const range = ranges.get(name);
    if (range) ranges.set(name, { min: range.min * (1 + OUTPUT_MARGIN), max: range.max * (1 + OUTPUT_MARGIN) });
  }
  return ranges;
}

/** The model's outputs, and the observed values that they are when operators in between only move numbers. */
function returnedValues(graph: Graph): Set<ValueName> {
  const names = new Set(graph.outputs.map((port) => port.value));
  for (const name of names) {
    const producer = producerOf(graph, name);
    if (producer?.op.quantize.kind === 'same-as-input') for (const input of sharedInputs(graph, producer)) names.add(input);
  }
  return names;
}
