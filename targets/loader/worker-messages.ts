/** What a page and its worker say to each other. */
import type { InputData } from './convert.ts';
import type { Outputs, PortInfo, SessionInfo } from './session.ts';

/** RGBA pixels of a picture, which travels where an element of the page cannot. */
export interface Picture {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export type SentInput = InputData | Picture;

export type SentInputs = SentInput | Readonly<Record<string, SentInput>>;

export type Request =
  | { readonly id: number; readonly method: 'create'; readonly source: unknown }
  | { readonly id: number; readonly method: 'run'; readonly inputs: SentInputs };

export interface Created {
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly info: SessionInfo;
}

export type Reply =
  | { readonly id: number; readonly value: Created | Outputs }
  | { readonly id: number; readonly error: { readonly name: string; readonly code?: string; readonly message: string } };
