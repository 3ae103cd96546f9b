/** A model that the board cannot hold: its layers run there one after the other, in strips of rows where need be, and their operands travel. */
import { BudgetError } from '../../compiler/errors.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import { type PackedRecords, readRecords, type StepRecord, type TensorRecord } from '../../compiler/packed/records.ts';
import * as format from '../../runtime-as/format.ts';
import { type BoardImage, writeBoardImage } from '../../targets/mcu/image.ts';
import type { Vocabulary } from '../../targets/mcu/vocabulary.ts';
import { type ImageLayout, type PlacedTensor, readImageLayout } from './image-layout.ts';
import type { BoardInfo, Monitor } from './monitor.ts';
import { cutTile, rowsOf, type Tile } from './tile.ts';

/** Whether the board has the flash and the RAM. */
export function fits({ arenaLimitBytes, slotBytes }: BoardInfo, { bytes, arenaBytes, workspaceBytes }: BoardImage): boolean {
  return bytes.length <= slotBytes && arenaBytes + workspaceBytes <= arenaLimitBytes;
}

interface PreparedTile {
  readonly tile: Tile;
  readonly image: Uint8Array;
  readonly layout: ImageLayout;
}

/** The bytes of every tensor of one sample, as far as they are computed. */
type Tensors = Map<number, Uint8Array>;

export class StreamedModel {
  private readonly records: PackedRecords;

  constructor(
    private readonly model: PackedModel,
    private readonly monitor: Monitor,
    private readonly vocabulary: Vocabulary,
    private readonly onProgress: (done: number, total: number) => void,
  ) {
    this.records = readRecords(model);
  }

  /** @param inputs as Device.infer takes them: every layer is uploaded once for all of them */
  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const { steps, inputs: ports, outputs } = this.records;
    const samples = inputs.map((input): Tensors => {
      let at = 0;
      return new Map(
        ports.map((tensor) => {
          const { bytes } = this.tensor(tensor);
          return [tensor, input.slice(at, (at += bytes))];
        }),
      );
    });
    for (const [i, step] of steps.entries()) {
      this.onProgress(i, steps.length);
      await this.runStep(step, this.model.metadata.steps[i] ?? `step ${i}`, samples);
    }
    this.onProgress(steps.length, steps.length);
    return samples.map((tensors) => new Uint8Array(Buffer.concat(outputs.map((tensor) => this.bytesOf(tensor, tensors)))));
  }

  private async runStep(step: StepRecord, name: string, samples: readonly Tensors[]): Promise<void> {
    const output = step.operands.at(-1) as number;
    for (const tensors of samples) tensors.set(output, new Uint8Array(this.tensor(output).bytes));
    for (const { tile, image, layout } of await this.cut(step, name)) {
      await this.monitor.upload(image);
      for (const tensors of samples) {
        for (const [i, { tensor, first, bytes }] of tile.inputs.entries()) {
          const { area, offset } = layout.inputs[i] as PlacedTensor;
          await this.monitor.write(area, offset, this.bytesOf(tensor, tensors).subarray(first, first + bytes));
        }
        await this.monitor.run(1);
        const { area, offset, bytes } = layout.outputs[0] as PlacedTensor;
        tensors.get(output)?.set(await this.monitor.read(area, offset, bytes), tile.output.first);
      }
    }
  }

  /** As few tiles as the board's memory allows. @throws BudgetError when a single row is too much. */
  private async cut(step: StepRecord, name: string): Promise<PreparedTile[]> {
    const rows = rowsOf(step);
    for (let count = 1; count <= rows; count++) {
      const height = Math.ceil(rows / count);
      const tiles: PreparedTile[] = [];
      for (let first = 0; first < rows; first += height) {
        const tile = cutTile(name, this.records, step, [first, Math.min(rows, first + height)]);
        const image = await writeBoardImage(tile.model, this.vocabulary);
        if (!fits(this.monitor.info, image)) break;
        tiles.push({ tile, image: image.bytes, layout: readImageLayout(image.bytes) });
        if (first + height >= rows) return tiles;
      }
    }
    throw new BudgetError(`${this.model.metadata.name}: not even one row of "${name}" fits into the memory of ${this.monitor.info.board}`);
  }

  private tensor(index: number): TensorRecord {
    return this.records.tensors[index] as TensorRecord;
  }

  private bytesOf(index: number, tensors: Tensors): Uint8Array {
    const { region, offset, bytes } = this.tensor(index);
    return region === format.REGION_CONSTANTS
      ? this.records.constants.subarray(offset, offset + bytes)
      : (tensors.get(index) as Uint8Array);
  }
}
