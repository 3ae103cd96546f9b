/** In an emulated Node: ENGINE_… bits, and CRC-32s over the outputs of every model of a list (its path is the argument). */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { relaxedEngine } from '../../compiler/relaxed-engine.ts';
import { Runner } from '../../devices/runner.ts';

/** Paths of the runtime, and of the files of each model. */
export interface OutputsTask {
  readonly runtime: string;
  readonly models: readonly { readonly name: string; readonly model: string; readonly inputs: readonly string[] }[];
}

export interface OutputsAnswer {
  readonly engine: number;
  readonly crcs: Readonly<Record<string, number>>;
}

const { runtime, models } = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as OutputsTask;
const crcs: Record<string, number> = {};
const module = new WebAssembly.Module(readFileSync(runtime));
for (const { name, model, inputs } of models) {
  const { runner } = await Runner.create(new Uint8Array(readFileSync(model)), module);
  crcs[name] = inputs.reduce((crc, input) => crc32(runner.infer(new Uint8Array(readFileSync(input))), crc), 0);
}
console.log(JSON.stringify({ engine: relaxedEngine(), crcs } satisfies OutputsAnswer));
