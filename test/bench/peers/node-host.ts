/** One Node process per contestant, timed in turns. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ContestantSpec, InputSpec } from './contestant.ts';
import type { Host, Seat, Started, Turn } from './host.ts';
import { bundleLibrary, tfjsSource } from './install.ts';

export interface NodeRequest {
  readonly start?: { readonly module: string; readonly spec: object; readonly input: InputSpec };
  readonly runs?: number;
}

export type NodeReply = { readonly error: string } | Started | Turn;

class Process implements Seat {
  constructor(
    private readonly child: ChildProcess,
    private readonly origin: string,
    private readonly bench: string,
    private readonly libraries: Readonly<Record<string, { library: string; assets: string }>>,
  ) {}

  private request(message: NodeRequest): Promise<NodeReply> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the Node process ended with code ${code}`));
      this.child.once('exit', onExit);
      this.child.once('message', (reply: NodeReply) => {
        this.child.off('exit', onExit);
        if ('error' in reply) reject(new Error(reply.error));
        else resolve(reply);
      });
      this.child.send(message);
    });
  }

  async start(spec: ContestantSpec, input: InputSpec): Promise<Started> {
    const absolute = {
      ...spec,
      ...this.libraries[spec.runtime],
      model: this.origin + spec.model,
      ...(spec.second && { second: this.origin + spec.second }),
    };
    const module = pathToFileURL(join(this.bench, 'runtimes', `${spec.runtime}.js`)).href;
    return (await this.request({ start: { module, spec: absolute, input: { ...input, url: this.origin + input.url } } })) as Started;
  }

  async time(runs: number): Promise<Turn> {
    return (await this.request({ runs })) as Turn;
  }

  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await exited;
  }
}

/**
 * @param bench where the bench's own bundles lie
 * @param peers where the peers are installed
 */
export async function openNode(origin: string, bench: string, peers: string): Promise<Host> {
  const temporary = mkdtempSync(join(tmpdir(), 'whittle-peers-'));
  const tfjs = join(temporary, 'tfjs.mjs');
  writeFileSync(tfjs, bundleLibrary(peers, tfjsSource, 'node'));
  const ort = join(peers, 'node_modules', 'onnxruntime-web', 'dist');
  const libraries = {
    onnxruntime: { library: pathToFileURL(join(ort, 'ort.node.min.mjs')).href, assets: pathToFileURL(`${ort}/`).href },
    tfjs: { library: pathToFileURL(tfjs).href, assets: `${join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/` },
  };
  return {
    name: 'node',
    engine: `Node ${process.version} (V8 ${process.versions.v8})`,
    excluded: {
      litert: 'its loader needs a document or importScripts',
      'tfjs-tflite': 'its loader needs a document or importScripts',
    },
    open: async () => new Process(fork(join(bench, 'node-seat.js')), origin, bench, libraries),
    close: async () => rmSync(temporary, { recursive: true, force: true }),
  };
}
