/** The JSON documents that whittle's verbs print, as the report reads them back: only what it shows. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import type { SearchCandidate } from '../../compiler/cli/search.ts';
import type { CompressionReport } from '../../compiler/compression/report.ts';
import { InputFileError, UsageError } from '../../compiler/errors.ts';
import type { ArenaBlock, LayerReport } from '../../compiler/report.ts';
import type { Evaluation } from '../evaluate.ts';
import {
  type BenchReport,
  benchReportSchema,
  type ComparisonReport,
  type CountReport,
  comparisonReportSchema,
  countReportSchema,
} from '../report-schema.ts';

/** One bar of the size waterfall. */
export type Stage = Pick<CompressionReport['waterfall'][number], 'stage' | 'bytes'>;

export interface CompileDocument {
  readonly model: string;
  readonly sourceBytes: number;
  readonly packedBytes: number;
  readonly constantBytes: number;
  readonly parameters: number;
  readonly arenaBytes: number;
  readonly arena?: readonly ArenaBlock[];
  readonly layers: readonly LayerReport[];
}

/** What `compress` prints, and `search` with all that it measured. */
export type CompressDocument = CompressionReport & {
  readonly model: string;
  readonly goal?: string;
  readonly candidates?: readonly SearchCandidate[];
};

export type EvalDocument = Evaluation & { readonly model: string; readonly on: string; readonly variant: string };

export interface Run<D> {
  /** File name, to tell documents apart. */
  readonly name: string;
  readonly document: D;
}

export interface Runs {
  readonly compiled: readonly Run<CompileDocument>[];
  readonly compressed: readonly Run<CompressDocument>[];
  readonly benches: readonly Run<BenchReport>[];
  /** Measured in turns; their runs are among the benches, too. */
  readonly comparisons: readonly Run<ComparisonReport>[];
  /** Of emulated boards. */
  readonly counts: readonly Run<CountReport>[];
  readonly evaluations: readonly Run<EvalDocument>[];
}

/** @throws InputFileError, UsageError naming every file that is none of whittle's documents. */
export function loadRuns(paths: readonly string[]): Runs {
  const compiled: Run<CompileDocument>[] = [];
  const compressed: Run<CompressDocument>[] = [];
  const benches: Run<BenchReport>[] = [];
  const comparisons: Run<ComparisonReport>[] = [];
  const counts: Run<CountReport>[] = [];
  const evaluations: Run<EvalDocument>[] = [];
  const strangers: string[] = [];
  for (const path of paths) {
    const document = readDocument(path);
    const name = basename(path, '.json');
    if ('medianUs' in document) benches.push({ name, document: measured(benchReportSchema, path, document) });
    else if ('runs' in document) {
      const comparison = measured(comparisonReportSchema, path, document);
      comparisons.push({ name, document: comparison });
      benches.push(...comparison.runs.map((run) => ({ name: `${name}: ${run.name}`, document: run.report })));
    } else if ('instructions' in document) counts.push({ name, document: measured(countReportSchema, path, document) });
    else if ('outputCrc32' in document) evaluations.push({ name, document: document as unknown as EvalDocument });
    else if ('waterfall' in document) compressed.push({ name, document: document as unknown as CompressDocument });
    else if ('packedBytes' in document && 'layers' in document) compiled.push({ name, document: document as unknown as CompileDocument });
    else strangers.push(path);
  }
  if (strangers.length)
    throw new UsageError(
      `${strangers.join(', ')}: not what whittle compile, compress, search, eval or bench print with --json; redirect their output to the file`,
    );
  return { compiled, compressed, benches, comparisons, counts, evaluations };
}

function measured<D>(schema: z.ZodType<D>, path: string, document: unknown): D {
  const { success, data, error } = schema.safeParse(document);
  if (success) return data;
  throw new InputFileError(`${path}: is no measurement as this version writes it; measure again:\n${z.prettifyError(error)}`);
}

function readDocument(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputFileError(`${path}: cannot be read (${(error as Error).message}); check the path`, { cause: error });
  }
  try {
    const document = JSON.parse(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  } catch {
    // Reported below.
  }
  throw new InputFileError(`${path}: is not one JSON document; give the file that --json wrote`);
}
