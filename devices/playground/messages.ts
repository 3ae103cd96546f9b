/** What the playground's page and its worker say to each other. */
import type { Problem } from '../../compiler/errors.ts';

export interface CompileRequest {
  /** What was dropped: path → bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Path of the ONNX model. */
  readonly model: string;
  /** Path of the samples: a *.dataset.json, a .npy, a .npz, or a folder of images; absent: noise. */
  readonly samples?: string;
  readonly limit?: number;
  /** As `--input` takes them, separated by spaces. */
  readonly shapes: string;
  readonly float: boolean;
}

export interface PlaygroundResult {
  readonly name: string;
  readonly packed: Uint8Array;
  /** The report page, to show and to keep. */
  readonly report: string;
  readonly packedBytes: number;
  readonly sourceBytes: number;
  readonly medianUs: number;
  readonly compileSeconds: number;
  /** Share of the samples on which int8 and float32 agree; absent without samples. */
  readonly agreement?: number;
  readonly top1?: number;
}

export type PlaygroundMessage =
  | { readonly kind: 'stage'; readonly stage: string; readonly done?: number; readonly total?: number }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'result'; readonly result: PlaygroundResult }
  | { readonly kind: 'error'; readonly message: string; readonly problems?: readonly Problem[] };
