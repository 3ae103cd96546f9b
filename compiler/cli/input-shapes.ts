/** `--input name=1,3,224,224`: shapes for inputs whose model leaves them open. */
import { type Command, InvalidArgumentError } from 'commander';
import { INPUT_SHAPE_FORM, type InputShape, parseInputShape } from './parse-input-shape.ts';
import { collect } from './program.ts';

export type { InputShape };

function parse(text: string): InputShape {
  const shape = parseInputShape(text);
  if (!shape) throw new InvalidArgumentError(`expected ${INPUT_SHAPE_FORM}.`);
  return shape;
}

/** Adds the option; its value is a list of `InputShape`. */
export function addInputShapeOption(command: Command): Command {
  return command.option('--input <name=shape>', 'shape of an input with open dimensions: image=1,3,224,224', collect(parse));
}
