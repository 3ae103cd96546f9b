/** `--input name=1,3,224,224`: shapes for inputs whose model leaves them open. */
import { type Command, InvalidArgumentError } from 'commander';
import { collect } from './program.ts';

export type InputShape = readonly [string, readonly number[]];

function parseInputShape(text: string): InputShape {
  const separator = text.lastIndexOf('=');
  const shape = text
    .slice(separator + 1)
    .split(/[,x]/)
    .map(Number);
  if (separator < 1 || !shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
    throw new InvalidArgumentError('expected name=extent,extent,… such as image=1,3,224,224.');
  }
  return [text.slice(0, separator), shape];
}

/** Adds the option; its value is a list of `InputShape`. */
export function addInputShapeOption(command: Command): Command {
  return command.option('--input <name=shape>', 'shape of an input with open dimensions: image=1,3,224,224', collect(parseInputShape));
}
