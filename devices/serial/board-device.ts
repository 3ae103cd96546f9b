/** A board with the firmware monitor, on whatever line: models are uploaded, run and timed there. */
import { crc32 } from 'node:zlib';
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { type PackedModel, readPackedModel } from '../../compiler/packed/read.ts';
import { type BoardImage, writeBoardImage } from '../../targets/mcu/image.ts';
import { type Vocabulary, vocabularyCodes } from '../../targets/mcu/vocabulary.ts';
import type { Clock, Deployed, Deployment, Device, DeviceOptions, StepTime } from '../device.ts';
import { type ImageLayout, type PlacedTensor, readImageLayout } from './image-layout.ts';
import type { BoardInfo, Monitor } from './monitor.ts';
import { fits, StreamedModel } from './streamed.ts';

/** How the board is reached; what differs between a real one and an emulated one. */
export interface BoardConnection {
  /** As on the command line: serial:/dev/ttyACM0. */
  readonly name: string;
  readonly counts: Clock['counts'];
  /**
   * The board, with kernels for these opcodes if that can be arranged here.
   * @param imageFor what is going to be uploaded
   */
  connect(
    opcodes: readonly number[],
    kernels: 'model' | 'all',
    imageFor: (vocabulary: Vocabulary) => Promise<BoardImage>,
  ): Promise<Monitor>;
  /** Code size of the kernels, where it is known. */
  readonly textBytes?: number;
  close(): Promise<void>;
}

/** So many ticks make a step's time exact to a thousandth. */
const STEP_TICKS = 1000;

function vocabularyOf({ vocabulary }: BoardInfo): Vocabulary {
  return Object.entries(vocabularyCodes).find(([, code]) => code === vocabulary)?.[0] as Vocabulary;
}

export class BoardDevice implements Device {
  private monitor: Monitor | undefined;
  private layout: ImageLayout | undefined;
  private streamed: StreamedModel | undefined;
  /** A run overwrites its input. */
  private lastInput: Uint8Array | undefined;

  constructor(
    private readonly connection: BoardConnection,
    private readonly options: DeviceOptions,
  ) {}

  get name(): string {
    return this.connection.name;
  }

  get environment(): Device['environment'] {
    if (!this.monitor) return {};
    const { board, core, version, clock, clockHz } = this.monitor.info;
    return { board, core, firmware: version, clock, clockHz };
  }

  async deploy({ model: bytes, kernels = 'model' }: Deployment): Promise<Deployed> {
    const model = readPackedModel(bytes);
    const images = new Map<Vocabulary, Promise<BoardImage>>();
    const imageFor = (vocabulary: Vocabulary) => {
      const image = images.get(vocabulary) ?? writeBoardImage(model, vocabulary);
      images.set(vocabulary, image);
      return image;
    };
    const monitor = await this.connection.connect(model.opcodes, kernels, imageFor);
    this.monitor = monitor;
    await this.checkKernels(model, monitor);
    const image = await imageFor(vocabularyOf(monitor.info));
    this.streamed = undefined;
    if (this.options.stream && !fits(monitor.info, image)) return this.stream(model, monitor, image);
    const start = performance.now();
    await this.load(monitor, image.bytes);
    const loadUs = this.connection.counts === 'time' ? (performance.now() - start) * 1000 : 0;
    this.layout = readImageLayout(image.bytes);
    this.lastInput = undefined;
    const firstUs = this.connection.counts === 'time' ? await this.time(1) : 0;
    const highWater = await monitor.highWater();
    const { textBytes } = this.connection;
    return {
      variant: image.vocabulary,
      loadUs,
      firstUs,
      codeBytes: textBytes ?? 0,
      memory: {
        ...(textBytes !== undefined && { textBytes, flashBytes: textBytes + image.bytes.length }),
        imageBytes: image.bytes.length,
        ramBytes: image.arenaBytes + image.workspaceBytes,
        workspaceBytes: image.workspaceBytes,
        arenaHighWaterBytes: highWater.arenaBytes,
        stackHighWaterBytes: highWater.stackBytes,
      },
    };
  }

  /** The layers one by one: right outputs from a board that is too small, and no times. */
  private stream(model: PackedModel, monitor: Monitor, { vocabulary }: BoardImage): Deployed {
    this.layout = undefined;
    this.streamed = new StreamedModel(model, monitor, vocabulary, (done, total) => this.options.progress?.('layers', done, total));
    return { variant: vocabulary, loadUs: 0, firstUs: 0, codeBytes: this.connection.textBytes ?? 0 };
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    if (this.streamed) return this.streamed.infer(inputs);
    const outputs: Uint8Array[] = [];
    for (const input of inputs) {
      await this.writeInput(input);
      await this.connected().run(1);
      const parts: Uint8Array[] = [];
      for (const tensor of this.deployed().outputs) parts.push(await this.read(tensor));
      outputs.push(new Uint8Array(Buffer.concat(parts)));
    }
    return outputs;
  }

  async clock(): Promise<Clock> {
    const { clock, clockHz } = this.connected().info;
    return { name: clock, stepUs: 1e6 / clockHz, ticksPerSecond: clockHz, counts: this.connection.counts };
  }

  async time(runs: number): Promise<number> {
    const monitor = this.connected();
    this.deployed();
    if (this.lastInput) await this.writeInput(this.lastInput);
    return ((await monitor.run(runs)) * 1e6) / monitor.info.clockHz;
  }

  async profile(runs: number): Promise<readonly StepTime[]> {
    const monitor = this.connected();
    if (this.lastInput) await this.writeInput(this.lastInput);
    const times: StepTime[] = [];
    for (const [step, { inPlace }] of this.deployed().steps.entries()) {
      let { ticks } = await monitor.step(step, 1);
      const repeats = inPlace ? 1 : Math.max(runs, Math.ceil(STEP_TICKS / Math.max(ticks, 1)));
      if (repeats > 1) ticks = (await monitor.step(step, repeats)).ticks / repeats;
      times.push({ step, us: (ticks * 1e6) / monitor.info.clockHz });
    }
    return times;
  }

  async stepCrcs(input: Uint8Array): Promise<readonly number[]> {
    await this.writeInput(input);
    const crcs: number[] = [];
    for (const step of this.deployed().steps.keys()) crcs.push((await this.connected().step(step, 1)).outputCrc32);
    return crcs;
  }

  async stepOutput(input: Uint8Array, step: number): Promise<Uint8Array> {
    await this.writeInput(input);
    for (let i = 0; i <= step; i++) await this.connected().step(i, 1);
    return this.read((this.deployed().steps[step] as ImageLayout['steps'][number]).output);
  }

  async close(): Promise<void> {
    await this.monitor?.close();
    this.monitor = undefined;
    await this.connection.close();
  }

  private async checkKernels({ metadata, opcodes }: PackedModel, monitor: Monitor): Promise<void> {
    const known = await monitor.opcodes();
    const missing = [...new Set(opcodes)].filter((opcode) => !known.has(opcode));
    if (missing.length)
      throw new DeviceError(
        `${this.name}: the firmware has no kernel for ${missing.map((opcode) => opcodeNames.get(opcode)).join(', ')}, which ${metadata.name} needs; flash a monitor with it (whittle flash)`,
      );
  }

  /** Uploads the image unless the board has it already. */
  private async load(monitor: Monitor, image: Uint8Array): Promise<void> {
    const { model } = monitor.info;
    if (model?.bytes === image.length && model.crc32 === crc32(image)) return;
    await monitor.upload(image, (done, total) => this.options.progress?.('upload', done, total));
  }

  private async writeInput(input: Uint8Array): Promise<void> {
    this.lastInput = input;
    let at = 0;
    for (const { area, offset, bytes } of this.deployed().inputs) {
      await this.connected().write(area, offset, input.subarray(at, at + bytes));
      at += bytes;
    }
  }

  private read({ area, offset, bytes }: PlacedTensor): Promise<Uint8Array> {
    return this.connected().read(area, offset, bytes);
  }

  private connected(): Monitor {
    if (!this.monitor) throw new Error('deploy a model first');
    return this.monitor;
  }

  private deployed(): ImageLayout {
    if (this.streamed)
      throw new UsageError(`${this.name}: the model does not fit and runs layer by layer (--stream): it cannot be timed as a whole`);
    if (!this.layout) throw new Error('deploy a model first');
    return this.layout;
  }
}
