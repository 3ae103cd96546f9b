/** Puts an emitted package where a browser can load it, and proves with one input that it runs there as here. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GateError, UsageError } from '../compiler/errors.ts';
import { byteLength } from '../compiler/graph.ts';
import { type PackedModel, readPackedModel } from '../compiler/packed/read.ts';
import { fullRuntime } from '../compiler/root.ts';
import { browserTarget } from '../targets/browser/target.ts';
import { dequantize, viewOf } from '../targets/loader/convert.ts';
import { syntheticInput } from './bench.ts';
import { TRY_PAGE, tryPage } from './browser/try-page.ts';
import type { WebHost } from './browser/web-host.ts';
import { Runner } from './runner.ts';

export interface DeployReport {
  readonly model: string;
  readonly device: string;
  readonly thread: 'page' | 'worker';
  readonly packageFiles: number;
  readonly packageBytes: number;
  /** Real values that were compared with this machine's, all equal. */
  readonly comparedValues: number;
  /** Where the page finds the package. */
  readonly address: string;
  /** The page to try it on, for people; good as long as it is served. */
  readonly link?: string;
}

/** The bytes, port after port, cut apart. */
function split(bytes: Uint8Array, ports: PackedModel['metadata']['inputs']): Uint8Array[] {
  let offset = 0;
  return ports.map((port) => bytes.slice(offset, (offset += byteLength(port))));
}

/** Real values of all outputs on this machine, as the loader gives them. */
async function hostValues(model: PackedModel, input: Uint8Array): Promise<Float32Array> {
  const { runner } = await Runner.create(model.bytes, await fullRuntime('scalar'));
  const { outputs } = model.metadata;
  const values = split(runner.infer(input), outputs).flatMap((bytes, i) => {
    const port = outputs[i] as (typeof outputs)[number];
    return Array.from(dequantize(viewOf(bytes, port.dtype), port));
  });
  return Float32Array.from(values);
}

async function servePackage(model: PackedModel, host: WebHost): Promise<Pick<DeployReport, 'address' | 'packageFiles' | 'packageBytes'>> {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-deploy-'));
  try {
    await browserTarget.package(model, join(folder, 'package'), {});
    const names = readdirSync(join(folder, 'package'));
    let packageBytes = 0;
    let address = '';
    for (const name of names) {
      const content = readFileSync(join(folder, 'package', name));
      packageBytes += content.length;
      address = (await host.serve(`package/${name}`, content)).slice(0, -name.length - 1);
    }
    await host.serve(`package/${TRY_PAGE}`, tryPage);
    return { address, packageFiles: names.length, packageBytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @throws GateError when the package answers other values than this machine; UsageError where the page cannot load modules.
 */
export async function deployPackage(bytes: Uint8Array, host: WebHost, thread: 'page' | 'worker'): Promise<DeployReport> {
  const model = readPackedModel(bytes);
  const input = syntheticInput(model);
  const expected = await hostValues(model, input);
  const served = await servePackage(model, host);
  if (served.address.startsWith('received:'))
    throw new UsageError(
      `${host.name}: its page belongs to an app and cannot load modules of ours; put the mobile-webview package into the app (whittle build --target mobile-webview), and measure it with whittle bench`,
    );
  const inputs = split(input, model.metadata.inputs).map((part) => Buffer.from(part).toString('base64'));
  const reply = Uint8Array.from(Buffer.from((await host.call('runPackage', served.address, thread, inputs)) as string, 'base64'));
  const actual = new Float32Array(reply.buffer);
  const at = expected.findIndex((value, i) => !Object.is(value, actual[i]));
  if (at >= 0 || actual.length !== expected.length)
    throw new GateError(
      `${host.name}: the package does not answer as this machine: value ${at} of ${expected.length} is ${actual[at]}, expected ${expected[at]}. Please report it with the model`,
    );
  const link = host.origin === undefined ? {} : { link: `${host.origin}${served.address}/${TRY_PAGE}` };
  return { model: model.metadata.name, device: host.name, thread, ...served, ...link, comparedValues: expected.length };
}
