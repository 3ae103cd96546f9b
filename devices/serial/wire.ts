/** A line that carries bytes both ways: a serial port, a pty, a socket, or any of them behind something that damages bytes. */

export interface Wire {
  /** For messages: `/dev/ttyACM0`. */
  readonly name: string;
  /** Bits per second, for the time that a frame takes; 0: at once. */
  readonly baud: number;
  /** Resolves when the bytes have been handed over. */
  write(bytes: Uint8Array): Promise<void>;
  /** Calls for every piece that arrives, and once when the line is gone. */
  listen(onData: (bytes: Uint8Array) => void, onEnd: (error?: Error) => void): void;
  close(): Promise<void>;
}
