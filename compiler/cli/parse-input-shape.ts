/** The words of `--input`, which the playground takes, too. */

export type InputShape = readonly [name: string, shape: readonly number[]];

/** What the words must look like. */
export const INPUT_SHAPE_FORM = 'name=extent,extent,… such as image=1,3,224,224';

/** @returns undefined when the text is not of that form */
export function parseInputShape(text: string): InputShape | undefined {
  const separator = text.lastIndexOf('=');
  const shape = text
    .slice(separator + 1)
    .split(/[,x]/)
    .map(Number);
  if (separator < 1 || !shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) return undefined;
  return [text.slice(0, separator), shape];
}
