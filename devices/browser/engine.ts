/** What a browser must do to be a device: open pages and evaluate in them. One file per browser implements it. */

/** Evaluates a JavaScript expression in a page, awaits it, and gives its value as JSON has it. @throws DeviceError */
export type Evaluate = (expression: string) => Promise<unknown>;

export interface Browser {
  /** Name and version. */
  version(): Promise<string>;
  openPage(url: string): Promise<Evaluate>;
  /** Ends the browser's processes. */
  close(): Promise<void>;
}

export interface BrowserEngine {
  /** As behind `browser:`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What to type to get it. */
  readonly fix: string;
  /** The program; undefined when it is not on this machine. */
  find(): string | undefined;
  /** @throws DeviceError when it is missing, or does not start. */
  launch(log?: (message: string) => void): Promise<Browser>;
}
