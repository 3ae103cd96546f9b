/** A model and its arena before and after a run, as a file: what runners outside this process are judged by. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RecordedCase {
  readonly name: string;
  /** The packed model. */
  readonly model: Uint8Array;
  /** The whole arena before and after the run. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Equal cases are kept once. */
export function recordCase(folder: string, { name, model, before, after }: RecordedCase): void {
  const title = Buffer.from(name);
  const head = Uint32Array.of(title.length, model.length, before.length);
  const bytes = Buffer.concat([new Uint8Array(head.buffer), title, model, before, after]);
  writeFileSync(join(folder, createHash('sha256').update(model).update(before).digest('hex').slice(0, 24)), bytes);
}

export function readRecordedCases(folder: string): RecordedCase[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const bytes = readFileSync(join(folder, file));
      const [title, model, arena] = [0, 4, 8].map((at) => bytes.readUInt32LE(at)) as [number, number, number];
      const ends = [12, 12 + title, 12 + title + model, 12 + title + model + arena] as const;
      return {
        name: bytes.toString('utf8', ends[0], ends[1]),
        model: new Uint8Array(bytes.subarray(ends[1], ends[2])),
        before: new Uint8Array(bytes.subarray(ends[2], ends[3])),
        after: new Uint8Array(bytes.subarray(ends[3])),
      };
    });
}
