/** `whittle bench`: latency measured on a device, with the sizes that were deployed there. */
import { Option } from 'commander';
import { type Invocation, integerOption, type Verb } from '../../compiler/cli/program.ts';
import { type Column, facts, grouped, table, timeText } from '../../compiler/cli/table.ts';
import { UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import type { Variant } from '../../compiler/root.ts';
import { webVariants } from '../../targets/web-package.ts';
import { type BenchOptions, deployForBench, measureReady } from '../bench.ts';
import { benchInTurns, type Contestant } from '../bench-in-turns.ts';
import { countReady } from '../count.ts';
import type { Device } from '../device.ts';
import { openDevice } from '../index.ts';
import type { LayerProfile } from '../profile.ts';
import type { BenchReport, CountReport } from '../report-schema.ts';
import type { Roofline } from '../roofline.ts';
import { comparisonText } from './comparison.ts';
import { addDevicesOptions, DEFAULT_DEVICE, deviceOptions, type PlaceOptions } from './device-options.ts';

/** One row per layer, and the sum. */
function profileText(layers: readonly LayerProfile[], roofline: Roofline | undefined): string {
  const rate = (macsPerSecond: number) => (macsPerSecond ? (macsPerSecond / 1e9).toFixed(macsPerSecond < 1e8 ? 3 : 2) : '');
  const share = (fraction: number | undefined) => (fraction === undefined ? '' : `${(100 * fraction).toFixed(0)} %`);
  const row = (layer: LayerProfile) => [
    layer.name,
    layer.op,
    layer.us.toFixed(1),
    `${(100 * layer.share).toFixed(1)} %`,
    rate(layer.macsPerSecond),
    share(layer.rooflineShare),
    grouped(layer.bytes),
  ];
  const sum = (key: 'us' | 'macs' | 'bytes') => layers.reduce((total, layer) => total + layer[key], 0);
  const total = ['sum', '', sum('us').toFixed(1), '', rate(sum('macs') / (sum('us') / 1e6)), '', grouped(sum('bytes'))];
  const columns: Column[] = ['layer', 'kernel'].map((title) => ({ title }));
  for (const title of ['µs', 'share', 'GMAC/s', 'of roofline', 'bytes']) columns.push({ title, align: 'right' });
  const bounds =
    roofline && `roofline: dot ${rate(roofline.dot)}, depthwise ${rate(roofline.depthwise)}, float32 ${rate(roofline.float32)} GMAC/s`;
  const isAbove = layers.some(({ rooflineShare = 0 }) => rooflineShare > 1);
  const above = isAbove
    ? ["layers of Winograd's minimal filtering make a quarter of the products that are counted: they may lie above 100 %"]
    : [];
  return [table(columns, [...layers.map(row), total]), ...(bounds ? ['', bounds, ...above] : [])].join('\n');
}

/** Facts of a board, where the report has them. */
function boardFacts(report: BenchReport | CountReport): [string, string][] {
  const { textBytes, flashBytes, imageBytes, ramBytes, arenaHighWaterBytes, stackHighWaterBytes } = report;
  if (imageBytes === undefined) return [];
  const kernels = textBytes === undefined ? '' : ` and kernels ${textBytes} are ${flashBytes}`;
  return [
    ['flash', `model ${imageBytes}${kernels} bytes`],
    ['RAM', `${ramBytes} bytes of arena and workspace, ${arenaHighWaterBytes} touched; ${stackHighWaterBytes} of stack`],
    ['outputs', `of every layer as on this machine; CRC-32 ${report.outputCrc32}`],
  ];
}

function countText(report: CountReport): string {
  const row = ({ name, op, instructions, share, macs }: CountReport['perLayer'][number]) => [
    name,
    op,
    grouped(instructions),
    `${(100 * share).toFixed(1)} %`,
    macs ? (instructions / macs).toFixed(2) : '',
  ];
  const columns: Column[] = ['layer', 'kernel'].map((title) => ({ title }));
  for (const title of ['instructions', 'share', 'per MAC']) columns.push({ title, align: 'right' });
  const lines = facts([
    ['instructions', `${grouped(report.instructions)} per inference (${report.ticks} ticks of ${report.clock})`],
    ['variant', report.variant],
    ...boardFacts(report),
  ]);
  return `${report.model} on ${report.device}\n${table(columns, report.perLayer.map(row))}\n\n${lines}`;
}

function loadText({ fetchUs, compileUs, loadUs, firstUs }: BenchReport): string {
  const compilation = compileUs === undefined ? '' : ` (compilation ${timeText(compileUs)})`;
  return `${fetchUs === undefined ? '' : `download ${timeText(fetchUs)}, `}load ${timeText(loadUs)}${compilation}, first run ${timeText(firstUs)}`;
}

function reportText(report: BenchReport): string {
  const { samples, runsPerSample, clock, clockStepUs, driftPercent, confidenceUs, environment } = report;
  const isolation = environment.crossOriginIsolated === undefined ? [] : [environment.crossOriginIsolated ? 'isolated' : 'not isolated'];
  const lines = facts([
    ['median', `${timeText(report.medianUs)} (95 % interval ${confidenceUs.map(timeText).join(' … ')})`],
    ['min / p90 / p99', [report.minUs, report.p90Us, report.p99Us].map(timeText).join(' / ')],
    ['spread, drift', `MAD ${timeText(report.madUs)}, ${driftPercent.toFixed(1)} % over the run`],
    [
      'samples',
      `${samples} of ${runsPerSample} inferences (${[clock, `step ${Number(clockStepUs.toPrecision(3))} µs`, ...(environment.thread ? [environment.thread] : []), ...isolation].join(', ')})`,
    ],
    ['start', loadText(report)],
    ['model', `${report.modelBytes} bytes`],
    [
      'runtime',
      `${report.codeBytes} bytes${report.codeGzipBytes ? `, ${report.codeGzipBytes} gzip` : ''} (${report.variant}${report.threads ? `, ${report.threads} threads` : ''})`,
    ],
    ['arena', `${report.arenaBytes} bytes`],
    ...(report.imageBytes === undefined ? [['outputs', `CRC-32 ${report.outputCrc32}, as on this machine`] as const] : boardFacts(report)),
  ]);
  const profile = report.perLayer ? `${profileText(report.perLayer, report.roofline)}\n\n` : '';
  const warnings = report.warnings.map(({ message, affects }) => `\n${affects.includes('latency') ? 'MEANS NOTHING: ' : ''}${message}`);
  return `${report.model} on ${report.device}\n${profile}${lines}${warnings.join('')}`;
}

async function run(contestants: readonly Contestant[], invocation: Invocation, options: BenchOptions): Promise<void> {
  for (const { device } of contestants)
    if (options.profile && !device.profile) throw new UsageError(`--profile: ${device.name} cannot time single steps; leave it out`);
  const [first, ...others] = contestants as [Contestant, ...Contestant[]];
  if (others.length === 0) return runAlone(first, invocation, options);
  const comparison = await benchInTurns(contestants, options);
  const text = `${comparison.runs.map(({ report }) => reportText(report)).join('\n\n')}\n\n${comparisonText(comparison)}`;
  for (const device of new Set(contestants.map((contestant) => contestant.device))) await device.show?.(text);
  invocation.output.report(comparison, () => text);
}

/** Times are for clocks that measure time: on an emulator instructions are counted. */
async function runAlone({ model, device }: Contestant, { output }: Invocation, options: BenchOptions): Promise<void> {
  const ready = await deployForBench(model, device, options);
  if ((await device.clock()).counts === 'instructions') {
    const report = await countReady(ready, device);
    output.report(report, () => countText(report));
  } else {
    const report = await measureReady(ready, device, options);
    await device.show?.(reportText(report));
    output.report(report, () => reportText(report));
  }
}

interface BenchVerbOptions extends PlaceOptions {
  readonly on?: readonly string[];
  readonly variant?: Variant;
  readonly threads?: number;
  readonly profile?: boolean;
  readonly maxSecs: number;
}

/** What tells the runs apart: the file where there are several, the device where there are several. */
function contestantsOf(paths: readonly string[], devices: readonly Device[]): Contestant[] {
  const files = new Map(paths.map((path) => [path, readInputFile(path)]));
  return paths.flatMap((path) =>
    devices.map((device) => {
      const words = [...(paths.length > 1 || devices.length === 1 ? [path] : []), ...(devices.length > 1 ? [device.name] : [])];
      return { name: words.join(' on '), model: files.get(path) as Uint8Array, device };
    }),
  );
}

export const bench: Verb = (program, invocation) => {
  const command = program
    .command('bench')
    .description('measure latency on a device, with the sizes deployed there; several models or devices: in turns, and compared')
    .argument('<models...>', 'packed models');
  addDevicesOptions(command)
    .addOption(new Option('--variant <variant>', 'instruction set of the runtime').choices(webVariants))
    .option('--threads <number>', 'run on several threads', integerOption(1))
    .option('--profile', 'time every layer, too, and compare it with what the engine could do')
    .option('--max-secs <seconds>', 'stop measuring after this long', integerOption(1), 10)
    .action(async (paths: readonly string[], options: BenchVerbOptions) => {
      const { on = [DEFAULT_DEVICE], variant, threads, profile, maxSecs } = options;
      const benchOptions: BenchOptions = {
        maxSeconds: maxSecs,
        ...(variant && { variant }),
        ...(threads && { threads }),
        ...(profile && { profile: true }),
      };
      const devices: Device[] = [];
      try {
        for (const name of on) devices.push(await openDevice(name, deviceOptions(options, invocation.output)));
        await run(contestantsOf(paths, devices), invocation, benchOptions);
      } finally {
        for (const device of devices) await device.close();
      }
    });
};
