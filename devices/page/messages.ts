/** What a paired page and its server say to each other over their WebSocket: JSON, one message per line of this file's types. */

/** The page's first word: the one-time token of its address, or the key it got for coming back. */
export type Hello = { readonly token: string } | { readonly key: string };

/** The server's answer. */
export interface Paired {
  readonly paired: { readonly id: string; readonly key: string };
}

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export type ReplyMessage = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** WebSocket close codes of our own. */
export const REFUSED = 4401;
export const REPLACED = 4409;
