/** Which layer needs the arena's full size. */
import type { PackedRecords } from '../../compiler/packed/records.ts';
import * as format from '../../runtime-as/format.ts';

export interface ArenaPeak {
  /** The step with the most live bytes. */
  readonly step: number;
  /** Bytes of the tensors that are live while it runs. */
  readonly liveBytes: number;
  /** Sizes of these tensors, the largest first. */
  readonly tensorBytes: readonly number[];
}

interface Life {
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

function livesOf({ tensors, steps, inputs, outputs }: PackedRecords): Life[] {
  return tensors.flatMap(({ region, offset, bytes }, index) => {
    if (region !== format.REGION_ARENA) return [];
    const uses = steps.flatMap(({ operands }, step) => (operands.includes(index) ? [step] : []));
    const first = inputs.includes(index) ? -1 : Math.min(...uses);
    const last = outputs.includes(index) ? steps.length : Math.max(...uses);
    return [{ offset, bytes, first, last }];
  });
}

/** Bytes that at least one of the tensors covers: kernels that work in place have input and output in the same. */
function coveredBytes(lives: readonly Life[]): number {
  let end = 0;
  let covered = 0;
  for (const { offset, bytes } of lives.toSorted((a, b) => a.offset - b.offset)) {
    covered += Math.max(0, offset + bytes - Math.max(end, offset));
    end = Math.max(end, offset + bytes);
  }
  return covered;
}

export function arenaPeak(records: PackedRecords): ArenaPeak {
  const lives = livesOf(records);
  const peaks = records.steps.map((_, step) => {
    const live = lives.filter(({ first, last }) => first <= step && step <= last);
    return { step, liveBytes: coveredBytes(live), tensorBytes: live.map(({ bytes }) => bytes).sort((a, b) => b - a) };
  });
  return peaks.reduce((worst, peak) => (peak.liveBytes > worst.liveBytes ? peak : worst));
}
