/**
 * The dialogue of MLPerf Tiny's runner (mlcommons/tiny, benchmark/runner: serial_device.py, device_under_test.py,
 * script.py): commands end with %, an answer ends with the line m-ready, and the lines must match these expressions.
 */
import { describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { openDevice } from '../../../devices/index.ts';
import { FrameReader } from '../../../devices/serial/frame.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import { slotContent } from '../../../devices/serial/record.ts';
import type { Wire } from '../../../devices/serial/wire.ts';
import { type Slot, type Wiring, wirings } from '../../../devices/serial/wiring.ts';
import { writeBoardImage } from '../../../targets/mcu/image.ts';
import { type DenseModel, denseModel } from './dense-model.ts';
import { canEmulate, startBoard } from './emulated.ts';
import { createRandom } from './random.ts';

/** The runner: send a command, collect the lines up to m-ready. */
class Runner {
  private readonly reader = new FrameReader();
  private readonly lines: string[] = [];
  private wake = () => {};

  constructor(private readonly wire: Wire) {
    wire.listen(
      (bytes) => {
        for (const item of this.reader.receive(bytes)) if ('text' in item) this.lines.push(item.text);
        this.wake();
      },
      () => {},
    );
  }

  async command(text: string): Promise<string[]> {
    await this.wire.write(new TextEncoder().encode(`${text}%`));
    const answer: string[] = [];
    for (;;) {
      const line = this.lines.shift();
      if (line === undefined) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      } else {
        answer.push(line);
        if (line.includes('m-ready')) return answer;
      }
    }
  }

  /** device_under_test.py: load. */
  async load(data: Uint8Array, bytesPerLine = 31): Promise<string[]> {
    let answer = await this.command(`db load ${data.length}`);
    for (let i = 0; i < data.length; i += bytesPerLine)
      answer = await this.command(`db ${Buffer.from(data.subarray(i, i + bytesPerLine)).toString('hex')}`);
    return answer;
  }
}

/** script.py: _gather_infer_results. */
function gather(lines: readonly string[]) {
  const results = lines.flatMap((line) => /^m-results-\[([^\]]+)\]$/.exec(line)?.[1]?.split(',').map(Number) ?? []);
  const times = lines.flatMap((line) => /^m-lap-us-([0-9]+)$/.exec(line)?.[1] ?? []).map(Number);
  return { results, elapsedUs: (times[1] as number) - (times[0] as number) };
}

async function start(options: DenseModel): Promise<{ runner: Runner; expected: (input: Int8Array) => Promise<Int8Array> }> {
  const bytes = denseModel(options);
  const model = readPackedModel(bytes);
  const { bytes: image } = await writeBoardImage(model, 'dsp');
  const [{ origin }] = (wirings['mps2-an386'] as Wiring).memory.slots as [Slot];
  const { wire } = await startBoard('mps2-an386', model.opcodes, { preload: { address: origin, content: slotContent(image, 1) } });
  // The first words of a board are lost until QEMU has noticed that its terminal is open.
  await Monitor.open(wire);
  const host = await openDevice('node');
  await host.deploy({ model: bytes });
  const expected = async (input: Int8Array) => {
    const [output] = (await host.infer([new Uint8Array(input.buffer)])) as [Uint8Array];
    return new Int8Array(output.buffer);
  };
  return { runner: new Runner(wire), expected };
}

const thousandths = (value: number) => Number(value.toFixed(3));

describe.skipIf(!canEmulate('mps2-an386'))("the dialogue of MLPerf Tiny's runner", () => {
  test('keyword spotting: name, profile, load, infer, results', async () => {
    const { runner, expected } = await start({ inputs: 490, outputs: 12, seed: 1, inputScale: 0.5, inputZeroPoint: 83 });
    expect((await runner.command('name'))[0]).toMatch(/^m-(name)-dut-\[([^\]]+)]$/);
    const profile = await runner.command('profile');
    expect(profile[0]).toMatch(/^m-(model|profile)-\[([^\]]+)]$/);
    expect(profile[1]).toBe('m-model-[kws01]');
    expect((await runner.command('timestamp'))[0]).toMatch(/^m-lap-us-([0-9]+)$/);

    const random = createRandom(2);
    const input = Int8Array.from({ length: 490 }, () => Math.floor(random() * 256) - 128);
    expect(await runner.load(new Uint8Array(input.buffer))).toEqual(['m-load-done', 'm-ready']);
    const shown = await runner.command('db print');
    expect(
      shown
        .slice(0, -1)
        .map((line) =>
          line
            .replace(/^m-buffer-/, '')
            .split('-')
            .join(''),
        )
        .join(''),
    ).toBe(Buffer.from(input.buffer).toString('hex'));

    const lines = await runner.command('infer 10 1');
    expect(lines.map((line) => line.replace(/[0-9.,-]+\]?$/, ''))).toEqual([
      'm-warmup-start',
      'm-warmup-done',
      'm-infer-start',
      'm-lap-us',
      'm-lap-us',
      'm-infer-done',
      'm-results-[',
      'm-ready',
    ]);
    const { results, elapsedUs } = gather(lines);
    expect(results).toEqual([...(await expected(input))].map((y) => thousandths((y - 3) / 64)));
    // 10 inferences of 5880 multiply-accumulates, two or three instructions each, at a nanosecond.
    expect(elapsedUs).toBeGreaterThan(50);
    expect(elapsedUs).toBeLessThan(400);
    expect(gather(await runner.command('results')).results).toEqual(results);
  });

  test('pictures are loaded as pixels, frames of machine sounds as float32, and an autoencoder gives its error', async () => {
    const picture = await start({ inputs: 192, outputs: 10, seed: 3 });
    const random = createRandom(4);
    const pixels = Uint8Array.from({ length: 192 }, () => Math.floor(random() * 256));
    await picture.runner.load(pixels, 26);
    expect((await picture.runner.command('profile'))[1]).toBe('m-model-[other]');
    const lines = await picture.runner.command('infer 1 0');
    const expected = await picture.expected(Int8Array.from(pixels, (pixel) => pixel - 128));
    expect(gather(lines).results).toEqual([...expected].map((y) => thousandths((y - 3) / 64)));

    const scale = 0.125;
    const sound = await start({ inputs: 640, outputs: 640, seed: 5, inputScale: scale, inputZeroPoint: 10, outputScale: 0.125 });
    const frames = Float32Array.from({ length: 640 }, () => (random() - 0.5) * 30);
    await sound.runner.load(new Uint8Array(frames.buffer));
    expect((await sound.runner.command('profile'))[1]).toBe('m-model-[ad01]');
    const input = Int8Array.from(frames, (x) => {
      const scaled = x / scale;
      const floor = Math.floor(scaled);
      const rest = scaled - floor;
      return Math.max(-128, Math.min(127, floor + (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? 1 : 0) + 10));
    });
    const output = await sound.expected(input);
    const error = output.reduce((sum, y, i) => sum + ((y - 3) * 0.125 - (frames[i] as number)) ** 2, 0) / 640;
    const [score] = gather(await sound.runner.command('infer 1 0')).results as [number];
    expect(score).toBeCloseTo(error, 2);
  });

  test('mistakes are answered as the reference firmware answers them', async () => {
    const { runner } = await start({ inputs: 490, outputs: 12, seed: 6 });
    expect(await runner.command('infer 0')).toEqual(['e-[Inference iterations must be >0]', 'm-ready']);
    expect(await runner.command('infer 1 0')).toEqual(['e-[No input: use db load first]', 'm-ready']);
    expect(await runner.command('nonsense')).toEqual(['e-[Unknown command: nonsense]', 'm-ready']);
    expect(await runner.command('db')).toEqual(["e-[Command 'db' requires a subcommand]", 'm-ready']);
    expect(await runner.command('db load')).toEqual(["e-[Command 'db load' requires the # of bytes]", 'm-ready']);
    expect(await runner.command('db load 491')).toEqual(["e-[The model's input has 490 bytes]", 'm-ready']);
    expect(await runner.command('db load 490')).toEqual(['m-[Expecting 490 bytes]', 'm-ready']);
    expect(await runner.command('db 0')).toEqual(['e-[Insufficent number of hex digits]', 'm-ready']);
    expect(await runner.command('db 0g')).toEqual(["e-[Invalid hex digit '0g']", 'm-ready']);
    expect((await runner.command('help'))[0]).toMatch(/^whittle .* on mps2-an386$/);
  });
});
