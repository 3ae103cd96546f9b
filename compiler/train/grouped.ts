/**
 * Grouped Conv2d, depthwise included, as a sum of depthwise ones: input j of each group, repeated for every output of the
 * group, is an image with as many channels as the output, and each of its channels has a kernel of its own.
 */
import type { Layer } from '../compression/layers.ts';
import { clampBackward, clampForward } from './clamp.ts';
import { addColumnSums, fillRows } from './conv2d.ts';
import { outputOf, type Step, type StepScope } from './gradient-rule.ts';
import type { Numbers } from './memory.ts';
import { windowWords } from './window.ts';

/** to[pixel][i] = from[pixel][channels[i]]. */
function gatherChannels(to: Float32Array, from: Float32Array, channels: Int32Array, width: number): void {
  const count = channels.length;
  for (let at = 0, pixel = 0; at < to.length; at += count, pixel += width)
    for (let i = 0; i < count; i++) to[at + i] = from[pixel + (channels[i] as number)] as number;
}

/** to[pixel][channels[i]] += from[pixel][i]. */
function scatterChannels(to: Float32Array, from: Float32Array, channels: Int32Array, width: number): void {
  const count = channels.length;
  for (let at = 0, pixel = 0; at < from.length; at += count, pixel += width)
    for (let i = 0; i < count; i++) {
      const c = pixel + (channels[i] as number);
      to[c] = (to[c] as number) + (from[at + i] as number);
    }
}

export function groupedStep(layer: Layer, scope: StepScope): Step {
  const { node, inputs, outputs, groups, taps, columns, positions, clamp } = layer;
  const { memory } = scope;
  const { kernels } = memory;
  const [x, w, b] = node.inputs.map((name) => scope.value(name)) as [Numbers, Numbers, Numbers];
  const [dx, dw, db] = node.inputs.map((name) => scope.gradient(name)) as [Numbers?, Numbers?, Numbers?];
  const { y, dy } = outputOf(node, scope);
  const perGroup = inputs / groups;
  const pixels = x.length / inputs;
  const window = memory.words(windowWords(scope.graph, layer, outputs));
  // Weights and their gradients with the taps of all channels side by side, [taps, outputs], as the kernels want them.
  const [kernel, kernelGradient] = [memory.floats(taps * outputs), memory.floats(taps * outputs)];
  const [image, imageGradient] = [memory.floats(pixels * outputs), memory.floats(dx ? pixels * outputs : 0)];
  const images = y.length / (positions * outputs);
  const forImages = (visit: (image: number, output: number) => void) => {
    for (let i = 0; i < images; i++) visit((4 * i * image.length) / images, 4 * i * positions * outputs);
  };
  /** Loads input j of each group and its weights. @returns the channels that it was taken from */
  const load = (j: number): Int32Array => {
    const channels = Int32Array.from({ length: outputs }, (_, o) => Math.floor((o * groups) / outputs) * perGroup + j);
    gatherChannels(image.data, x.data, channels, inputs);
    for (let o = 0; o < outputs; o++)
      for (let tap = 0; tap < taps; tap++) kernel.data[tap * outputs + o] = w.data[o * columns + tap * perGroup + j] as number;
    return channels;
  };
  return {
    forward() {
      fillRows(y, b);
      for (let j = 0; j < perGroup; j++) {
        load(j);
        forImages((from, to) => kernels.addDepthwise(window, image.address + from, y.address + to, kernel.address));
      }
      clampForward(y, clamp);
    },
    backward() {
      clampBackward(y, dy, clamp);
      addColumnSums(db, dy);
      for (let j = 0; j < perGroup; j++) {
        const channels = load(j);
        if (dx) {
          imageGradient.data.fill(0);
          forImages((to, from) => kernels.addDepthwiseInput(window, imageGradient.address + to, dy.address + from, kernel.address));
          scatterChannels(dx.data, imageGradient.data, channels, inputs);
        }
        if (!dw) continue;
        kernelGradient.data.fill(0);
        forImages((from, to) => kernels.addDepthwiseWeights(window, image.address + from, dy.address + to, kernelGradient.address));
        for (let o = 0; o < outputs; o++)
          for (let tap = 0; tap < taps; tap++) {
            const at = o * columns + tap * perGroup + j;
            dw.data[at] = (dw.data[at] as number) + (kernelGradient.data[tap * outputs + o] as number);
          }
      }
    },
  };
}
