/** The opcodes of the packed model by name. */
import * as format from '../../runtime-as/format.ts';

/** Opcode number → its name without OPCODE_, as in `--use KERNEL_<name>=1`. */
export const opcodeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(format).flatMap(([name, value]) => (name.startsWith('OPCODE_') ? [[value, name.slice('OPCODE_'.length)]] : [])),
);
