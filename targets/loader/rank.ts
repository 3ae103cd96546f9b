/** Class scores → the best classes with their names. */

export interface RankedLabel<L extends string = string> {
  readonly label: L;
  readonly index: number;
  /** The model's output for it: a probability where the model ends with a softmax. */
  readonly value: number;
}

/** The `count` largest values, largest first, the lower index first among equals; undefined when the labels do not fit. */
export function rankLabels(values: Float32Array, labels: readonly string[] | undefined, count = 5): RankedLabel[] | undefined {
  if (!labels || labels.length !== values.length) return undefined;
  return [...values.keys()]
    .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
    .slice(0, count)
    .map((index) => ({ label: labels[index] as string, index, value: values[index] as number }));
}
