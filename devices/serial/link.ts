/** Requests over a wire that loses and damages bytes: each is repeated until its answer comes, and executed once. */
import { DeviceError } from '../../compiler/errors.ts';
import { encodeFrame, type Frame, FrameReader } from './frame.ts';
import * as protocol from './protocol.ts';
import type { Wire } from './wire.ts';

export interface LinkOptions {
  /** Give up when nothing valid has come for so long. */
  readonly silenceSeconds?: number;
  readonly onText?: (line: string) => void;
}

/** What the board answered other than RESULT_OK; the client says what that means. */
export class BoardRefusal extends Error {
  constructor(
    readonly request: number,
    readonly status: number,
    readonly payload: Uint8Array,
  ) {
    super(`request ${request} was answered with status ${status}`);
  }
}

/** So many copies of a frame were damaged that a shorter one should be tried. The board may have executed it all the same. */
export class FrameLost extends Error {}

/** As TCP's retransmission timeout (RFC 6298), in milliseconds; a line with faults is not congested, so it backs off slowly. */
const TIMEOUT_MIN = 40;
const TIMEOUT_MAX = 1000;
const TIMEOUT_FIRST = 300;

/** Where so many copies of one frame arrive damaged it is not chance. */
const DAMAGED_MAX = 200;

export interface RequestOptions {
  /** Called when the board says that it is still at work. */
  readonly onProgress?: (() => void) | undefined;
  /** Damaged copies after which the frame is given up with FrameLost; default: it is repeated until that means nothing any more. */
  readonly patience?: number;
}

export interface LinkStatistics {
  readonly requests: number;
  /** Frames sent again. */
  readonly repeats: number;
}

interface Waiting {
  readonly sequence: number;
  readonly type: number;
  readonly onAnswer: (frame: Frame) => void;
  readonly onProgress: () => void;
  readonly onDamaged: () => void;
  /** Bytes came that are no frame: an answer, perhaps. */
  readonly onNoise: () => void;
  readonly onEnd: (error: Error) => void;
}

export class SerialLink {
  private readonly session = 1 + Math.floor(Math.random() * 0xfffffffe);
  private readonly reader = new FrameReader();
  private readonly silenceMs: number;
  private sequence = Math.floor(Math.random() * 0x10000);
  private waiting: Waiting | undefined;
  private ended: Error | undefined;
  private smoothedMs = TIMEOUT_FIRST / 3;
  private varianceMs = TIMEOUT_FIRST / 6;
  private requests = 0;
  private repeats = 0;

  constructor(
    readonly wire: Wire,
    { silenceSeconds = 10, onText }: LinkOptions = {},
  ) {
    this.silenceMs = silenceSeconds * 1000;
    wire.listen(
      (bytes) => {
        for (const received of this.reader.receive(bytes)) {
          if ('frame' in received) this.dispatch(received.frame);
          else if ('text' in received) onText?.(received.text);
          else this.waiting?.onNoise();
        }
      },
      (error) => {
        this.ended = new DeviceError(`${wire.name}: the connection is gone${error ? ` (${error.message})` : ''}; plug it in again`, 7);
        this.waiting?.onEnd(this.ended);
      },
    );
  }

  get statistics(): LinkStatistics {
    return { requests: this.requests, repeats: this.repeats };
  }

  /**
   * Sends a request until its answer is here. One request at a time.
   * @returns the answer's payload
   * @throws BoardRefusal when the board answers with another status than RESULT_OK; FrameLost; DeviceError when it does not
   * answer.
   */
  request(type: number, payload: Uint8Array = new Uint8Array(0), options: RequestOptions = {}): Promise<Uint8Array> {
    if (this.waiting) throw new Error('a request is already under way');
    if (this.ended) return Promise.reject(this.ended);
    this.sequence = (this.sequence + 1) & 0xffff;
    this.requests++;
    const bytes = encodeFrame({ type, status: 0, sequence: this.sequence, session: this.session, payload });
    return this.exchange(type, bytes, options).finally(() => {
      this.waiting = undefined;
    });
  }

  private exchange(type: number, bytes: Uint8Array, { onProgress, patience }: RequestOptions): Promise<Uint8Array> {
    const travelMs = this.wire.baud ? (bytes.length * 10_000) / this.wire.baud : 0;
    let timeoutMs = Math.min(TIMEOUT_MAX, Math.max(TIMEOUT_MIN, this.smoothedMs + 4 * this.varianceMs)) + travelMs;
    let timer: NodeJS.Timeout;
    let sends = 0;
    let damaged = 0;
    let sentAt = 0;
    let heardAt = performance.now();
    return new Promise<Uint8Array>((resolve, reject) => {
      const arm = (ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(onTimeout, ms);
      };
      const send = () => {
        if (sends++) this.repeats++;
        sentAt = performance.now();
        this.wire.write(bytes).catch(reject);
        arm(timeoutMs);
      };
      const isLost = () => patience !== undefined && damaged >= patience;
      const onTimeout = () => {
        if (isLost()) {
          reject(new FrameLost());
          return;
        }
        if (performance.now() - heardAt > this.silenceMs) {
          reject(this.silence());
          return;
        }
        timeoutMs = Math.min(1.5 * timeoutMs, TIMEOUT_MAX + travelMs);
        send();
      };
      this.waiting = {
        type,
        sequence: this.sequence,
        onAnswer: ({ status, payload }) => {
          // An answer to a repeated frame may belong to the first one (Karn's rule).
          if (sends === 1) this.observe(performance.now() - sentAt - travelMs);
          if (status === protocol.RESULT_OK) resolve(payload);
          else reject(new BoardRefusal(type, status, payload));
        },
        onProgress: () => {
          heardAt = performance.now();
          onProgress?.();
          // The board works: its next word takes as long as that takes.
          arm(Math.max(timeoutMs, TIMEOUT_MAX));
        },
        onDamaged: () => {
          heardAt = performance.now();
          damaged++;
          if (isLost()) reject(new FrameLost());
          else if (sends < DAMAGED_MAX) send();
          else reject(this.tooDamaged());
        },
        onNoise: () => {
          damaged++;
        },
        onEnd: reject,
      };
      send();
    }).finally(() => clearTimeout(timer));
  }

  private dispatch(frame: Frame): void {
    const { waiting } = this;
    if (!waiting) return;
    if (frame.type === protocol.ANSWER_DAMAGED) {
      waiting.onDamaged();
    } else if (frame.session === this.session && frame.sequence === waiting.sequence && frame.type === (protocol.ANSWER | waiting.type)) {
      if (frame.status === protocol.RESULT_BUSY) waiting.onProgress();
      else waiting.onAnswer(frame);
    }
  }

  private observe(milliseconds: number): void {
    this.varianceMs = 0.75 * this.varianceMs + 0.25 * Math.abs(this.smoothedMs - milliseconds);
    this.smoothedMs = 0.875 * this.smoothedMs + 0.125 * milliseconds;
  }

  private tooDamaged(): DeviceError {
    return new DeviceError(
      `${this.wire.name}: ${DAMAGED_MAX} copies of one frame arrived damaged; check the cable and the baud rate (--baud; the monitor speaks 115200 unless its board says otherwise)`,
      7,
    );
  }

  private silence(): DeviceError {
    return new DeviceError(
      `${this.wire.name}: the board has not answered for ${this.silenceMs / 1000} s; is the firmware monitor flashed (whittle flash), and is this its port (whittle devices)?`,
      7,
    );
  }
}
