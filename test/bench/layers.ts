/**
 * Rates of the convolution kernels on typical layers, one step per model, in this Node:
 *
 *     npm run bench:layers
 *
 * LAYERS=<regular expression> picks layers, VARIANTS=simd one variant. Read `best`: other load on the machine disturbs it
 * least; its share is that of what the engine reaches without memory, packing and edges (runtime-as/roofline.ts), measured
 * just before. Layers of Winograd's minimal filtering are above it: products that they do without count.
 */
import { Engine } from '../../compiler/engine.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import { measureRoofline } from '../../devices/roofline.ts';
import { performanceClock } from '../../devices/runner.ts';
import { buildRoofline } from '../../targets/build-runtime.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import { webVariants } from '../../targets/web-package.ts';
import { type Layer, measure, modelOf } from './layer-model.ts';

const layers: readonly Layer[] = [
  { name: '1x1 3136x24x144', x: [1, 56, 56, 24], outChannels: 144 },
  { name: '1x1 784x32x192', x: [1, 28, 28, 32], outChannels: 192 },
  { name: '1x1 196x384x64', x: [1, 14, 14, 384], outChannels: 64 },
  { name: '1x1 196x96x576', x: [1, 14, 14, 96], outChannels: 576 },
  { name: '1x1 49x960x160', x: [1, 7, 7, 960], outChannels: 160 },
  { name: '3x3 56x56 32-32', x: [1, 56, 56, 32], outChannels: 32, kernel: 3 },
  { name: '3x3 32x32 16-16', x: [1, 32, 32, 16], outChannels: 16, kernel: 3 },
  { name: '3x3 8x8 64-64', x: [1, 8, 8, 64], outChannels: 64, kernel: 3 },
  { name: '3x3 28x28 11-13', x: [1, 28, 28, 11], outChannels: 13, kernel: 3 },
  { name: '1x3 28x28 64-64', x: [1, 28, 28, 64], outChannels: 64, kernel: [1, 3] },
  { name: '3x1 28x28 64-64', x: [1, 28, 28, 64], outChannels: 64, kernel: [3, 1] },
  { name: '3x3 s2 224x224 3-32', x: [1, 224, 224, 3], outChannels: 32, kernel: 3, stride: 2 },
  { name: 'depthwise 3x3 56x56 144', x: [1, 56, 56, 144], outChannels: 144, kernel: 3, isDepthwise: true },
  { name: 'depthwise 3x3 s2 56x56 144', x: [1, 56, 56, 144], outChannels: 144, kernel: 3, stride: 2, isDepthwise: true },
  { name: 'depthwise 3x3 7x7 960', x: [1, 7, 7, 960], outChannels: 960, kernel: 3, isDepthwise: true },
  { name: 'depthwise 5x5 28x28 120', x: [1, 28, 28, 120], outChannels: 120, kernel: 5, isDepthwise: true },
  { name: 'depthwise 1x9 28x28 64', x: [1, 28, 28, 64], outChannels: 64, kernel: [1, 9], isDepthwise: true },
  { name: 'depthwise 9x1 28x28 64', x: [1, 28, 28, 64], outChannels: 64, kernel: [9, 1], isDepthwise: true },
  { name: 'FC 1280x1000', x: [1, 1, 1, 1280], outChannels: 1000 },
  { name: 'FC 64x12', x: [1, 1, 1, 64], outChannels: 12 },
];

const wanted = new RegExp(process.env.LAYERS ?? '.');
const variants = (process.env.VARIANTS?.split(',') ?? webVariants.slice(webVariants.indexOf(bestVariant(true)))) as Variant[];
const clockStepUs = performanceClock().stepUs;
for (const dtype of ['int8', 'float32'] as const)
  for (const variant of variants) {
    const runtime = await fullRuntime(variant);
    const rooflineLoops = await buildRoofline(variant);
    for (const layer of layers) {
      if (!wanted.test(`${dtype} ${layer.name}`)) continue;
      const { macs, bytes } = modelOf(layer, dtype);
      const engine = await Engine.create(runtime, bytes);
      const roofline = await measureRoofline(rooflineLoops, clockStepUs);
      const { median, best } = measure(engine, 400);
      const rate = (microseconds: number) => (macs / microseconds / 1000).toFixed(2).padStart(6);
      const limit = dtype === 'float32' ? roofline.float32 : layer.isDepthwise ? roofline.depthwise : roofline.dot;
      const share = `${((100 * macs * 1e6) / best / limit).toFixed(0).padStart(3)} % of ${(limit / 1e9).toFixed(1)}`;
      console.log(
        `${dtype.padEnd(8)}${variant.padEnd(8)} ${layer.name.padEnd(27)} median ${rate(median)} best ${rate(best)} GMAC/s, ${best.toFixed(1).padStart(7)} us, ${share}`,
      );
    }
  }
