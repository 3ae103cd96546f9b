/** `--weight-bits 7`, `--weight-bits 4,@first=8`, `--rounding gptq`: the integers of int8 weights. */
import { InvalidArgumentError, Option } from 'commander';
import { roundingNames } from '../quantization/rounding/index.ts';
import { parseWeightBits, weightBitWidths } from '../quantization/weight-bits.ts';

export function weightBitsOption(): Option {
  return new Option(
    '--weight-bits <bits>',
    'bits of the int8 weights, for all layers or by pattern: 7.5 (relaxed SIMD everywhere), or 4,@first=8,@last=8',
  ).argParser((text) => {
    const choice = parseWeightBits(text);
    if (!choice) throw new InvalidArgumentError(`expected ${weightBitWidths.join(', ')}, or PATTERN=BITS,… such as 4,@first=8.`);
    return choice;
  });
}

export function roundingOption(): Option {
  return new Option(
    '--rounding <method>',
    'how weights become integers: each to the nearest, or together so that the answers stay',
  ).choices(roundingNames);
}
