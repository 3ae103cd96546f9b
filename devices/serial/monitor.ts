/** The firmware monitor of one board, as the host sees it: protocol.ts in functions. */
import { crc32 } from 'node:zlib';
import { BudgetError, DeviceError } from '../../compiler/errors.ts';
import { BoardRefusal, FrameLost, type LinkOptions, type RequestOptions, SerialLink } from './link.ts';
import * as protocol from './protocol.ts';
import { explainRefusal } from './refusal.ts';
import type { Wire } from './wire.ts';

export interface BoardInfo {
  readonly board: string;
  readonly core: string;
  /** Version of whittle that the firmware was built by. */
  readonly version: string;
  readonly clock: string;
  readonly clockHz: number;
  /** VOCABULARY_… */
  readonly vocabulary: number;
  readonly payloadBytes: number;
  /** RAM for arena and workspace. */
  readonly arenaLimitBytes: number;
  readonly slots: number;
  /** Largest image that can be uploaded. */
  readonly slotBytes: number;
  readonly persistent: boolean;
  /** The model that the board has; absent: none. */
  readonly model?: {
    readonly slot: number;
    readonly generation: number;
    readonly bytes: number;
    readonly crc32: number;
    readonly steps: number;
  };
  /** Where the program crashed last, since power-on. */
  readonly crashAddress?: number;
  /** IMAGE_FAULT_… of a newer model that could not be loaded. */
  readonly refusedImage?: number;
}

/** A frame may be this short on a bad line. */
const CHUNK_MIN = 32;
/** After so many frames without a repetition the next ones are longer. */
const CLEAN_RUN = 16;
/** So many damaged copies of a frame are enough to try a shorter one. */
const PATIENCE = 3;

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** Where the board wants the next bytes of an image; NaN: the error is another one. */
function nextOffset(error: unknown): number {
  const isOutOfOrder = error instanceof BoardRefusal && error.status === protocol.RESULT_BAD_ORDER;
  return isOutOfOrder ? view(error.payload).getUint32(0, true) : Number.NaN;
}

function parseInfo(payload: Uint8Array, name: string): BoardInfo {
  const word = (index: number) => view(payload).getUint32(index * 4, true);
  if (payload.length < protocol.INFO_WORDS * 4 || word(protocol.INFO_PROTOCOL_VERSION) !== protocol.PROTOCOL_VERSION)
    throw new DeviceError(
      `${name}: the board's firmware speaks protocol ${payload.length < 4 ? '?' : word(0)}, this whittle speaks ${protocol.PROTOCOL_VERSION}; flash the monitor again (whittle flash)`,
      7,
    );
  const strings = new TextDecoder().decode(payload.subarray(protocol.INFO_WORDS * 4)).split('\0');
  const text = (index: number) => strings[index] ?? '';
  const slot = word(protocol.INFO_ACTIVE_SLOT);
  const crashAddress = word(protocol.INFO_CRASH_ADDRESS);
  const refusedImage = word(protocol.INFO_REFUSED);
  return {
    board: text(protocol.INFO_STRING_BOARD),
    core: text(protocol.INFO_STRING_CORE),
    version: text(protocol.INFO_STRING_VERSION),
    clock: text(protocol.INFO_STRING_CLOCK),
    clockHz: word(protocol.INFO_CLOCK_HZ),
    vocabulary: word(protocol.INFO_VOCABULARY),
    payloadBytes: word(protocol.INFO_PAYLOAD_BYTES),
    arenaLimitBytes: word(protocol.INFO_ARENA_LIMIT_BYTES),
    slots: word(protocol.INFO_SLOT_COUNT),
    slotBytes: word(protocol.INFO_SLOT_BYTES),
    persistent: word(protocol.INFO_PERSISTENT) === 1,
    ...(slot !== protocol.NO_SLOT && {
      model: {
        slot,
        generation: word(protocol.INFO_GENERATION),
        bytes: word(protocol.INFO_IMAGE_BYTES),
        crc32: word(protocol.INFO_IMAGE_CRC32),
        steps: word(protocol.INFO_STEP_COUNT),
      },
    }),
    ...(crashAddress && { crashAddress }),
    ...(refusedImage && { refusedImage }),
  };
}

export class Monitor {
  private chunkBytes = CHUNK_MIN;
  private cleanRun = 0;

  private constructor(
    readonly link: SerialLink,
    private current: BoardInfo,
  ) {
    this.chunkBytes = current.payloadBytes;
  }

  /** Greets the board. @throws DeviceError when it does not answer or speaks another protocol. */
  static async open(wire: Wire, options: LinkOptions = {}): Promise<Monitor> {
    const link = new SerialLink(wire, options);
    return new Monitor(link, parseInfo(await link.request(protocol.REQUEST_HELLO), wire.name));
  }

  /** As of the last `open`, `refresh` or `upload`. */
  get info(): BoardInfo {
    return this.current;
  }

  /** Greets the board again: what it says now. */
  async refresh(): Promise<BoardInfo> {
    this.current = parseInfo(await this.link.request(protocol.REQUEST_HELLO), this.link.wire.name);
    return this.current;
  }

  read(area: number, offset: number, bytes: number): Promise<Uint8Array> {
    return this.explained(async () => {
      const result = new Uint8Array(bytes);
      for (let at = 0; at < bytes; ) {
        const count = Math.min(this.chunkBytes, bytes - at);
        const part = await this.tryRequest(protocol.REQUEST_READ, words(area, offset + at, count));
        if (part) result.set(part, at);
        if (part) at += count;
      }
      return result;
    });
  }

  write(area: number, offset: number, data: Uint8Array, onProgress?: (done: number) => void): Promise<void> {
    return this.explained(async () => {
      // End of the longest frame that was given up: the board may have executed it.
      let given = 0;
      for (let at = 0; at < data.length; ) {
        // A multiple of what any flash is written in.
        const count = Math.min(Math.floor((this.chunkBytes - 8) / 32) * 32 || CHUNK_MIN, data.length - at);
        try {
          const payload = joined(words(area, offset + at), data.subarray(at, at + count));
          if (await this.tryRequest(protocol.REQUEST_WRITE, payload)) at += count;
          else given = Math.max(given, at + count);
        } catch (error) {
          const next = nextOffset(error) - offset;
          if (!(next > at && next <= given)) throw error;
          at = next;
        }
        onProgress?.(at);
      }
    });
  }

  /** CRC-32 of a part of an area, computed by the board. */
  async crc32(area: number, offset: number, bytes: number): Promise<number> {
    return view(await this.request(protocol.REQUEST_CRC, words(area, offset, bytes))).getUint32(0, true);
  }

  /**
   * Puts an image into the slot that is not in use and makes it the board's model. Until that is done the board keeps its
   * old one, across a power cut, too.
   * @throws BudgetError when slot or RAM are too small; DeviceError.
   */
  async upload(image: Uint8Array, onProgress?: (done: number, total: number) => void): Promise<void> {
    if (image.length > this.current.slotBytes)
      throw new BudgetError(
        `${this.name}: the model needs ${image.length} bytes of flash, a slot of ${this.current.board} has ${this.current.slotBytes}; compress the model more, choose another board, or run the layers one by one (eval --stream)`,
      );
    await this.request(protocol.REQUEST_BEGIN, words(image.length));
    await this.write(protocol.AREA_NEW_IMAGE, 0, image, (done) => onProgress?.(done, image.length));
    await this.request(protocol.REQUEST_COMMIT, words(crc32(image)));
    await this.refresh();
  }

  /** Runs the model so many times on what the arena holds. @returns ticks of the board's clock */
  async run(runs: number, onProgress?: () => void): Promise<number> {
    return Number(view(await this.request(protocol.REQUEST_RUN, words(runs), { onProgress })).getBigUint64(0, true));
  }

  /** Runs one step so many times. */
  async step(step: number, runs: number): Promise<{ readonly ticks: number; readonly outputCrc32: number }> {
    const answer = view(await this.request(protocol.REQUEST_STEP, words(step, runs)));
    return { ticks: Number(answer.getBigUint64(0, true)), outputCrc32: answer.getUint32(8, true) };
  }

  /** Bytes of RAM that the model touched. Destroys what the arena holds. */
  async highWater(): Promise<{ readonly arenaBytes: number; readonly stackBytes: number }> {
    const answer = view(await this.request(protocol.REQUEST_HIGH_WATER));
    return { arenaBytes: answer.getUint32(0, true), stackBytes: answer.getUint32(4, true) };
  }

  /** Opcodes that the firmware has kernels for. */
  async opcodes(): Promise<ReadonlySet<number>> {
    const bits = await this.request(protocol.REQUEST_OPCODES);
    return new Set(Array.from({ length: bits.length * 8 }, (_, i) => i).filter((i) => ((bits[i >> 3] as number) >> (i & 7)) & 1));
  }

  async restart(): Promise<void> {
    await this.request(protocol.REQUEST_RESTART);
    await this.refresh();
  }

  async close(): Promise<void> {
    await this.link.wire.close();
  }

  private get name(): string {
    return this.link.wire.name;
  }

  /** Frames become shorter where they are lost, longer where they are not. */
  private adapt(repeated: boolean): void {
    if (repeated) {
      this.chunkBytes = Math.max(CHUNK_MIN, this.chunkBytes >> 1);
      this.cleanRun = 0;
    } else if (++this.cleanRun % CLEAN_RUN === 0) {
      this.chunkBytes = Math.min(this.current.payloadBytes, this.chunkBytes << 1);
    }
  }

  private request(type: number, payload?: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return this.explained(() => this.exchange(type, payload, options));
  }

  /** @returns undefined when the line is too bad for a frame of this length */
  private async tryRequest(type: number, payload: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.exchange(type, payload, this.chunkBytes > CHUNK_MIN ? { patience: PATIENCE } : {});
    } catch (error) {
      if (error instanceof FrameLost) return undefined;
      throw error;
    }
  }

  private async exchange(type: number, payload?: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    const before = this.link.statistics.repeats;
    try {
      return await this.link.request(type, payload, options);
    } finally {
      this.adapt(this.link.statistics.repeats > before);
    }
  }

  /** What the board refuses, in words. */
  private async explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BoardRefusal)) throw error;
      if (error.status === protocol.RESULT_UNKNOWN_SESSION) throw await this.restarted();
      throw explainRefusal(error, this.name, this.current);
    }
  }

  /** The board does not know this session: it began anew in between. */
  private async restarted(): Promise<DeviceError> {
    const { crashAddress } = await this.refresh();
    const why = crashAddress ? `its program crashed at 0x${crashAddress.toString(16)}` : 'power cut, reset button or watchdog';
    return new DeviceError(`${this.name}: the board restarted in between (${why}); try again`, 7);
  }
}
