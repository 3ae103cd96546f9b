/** AveragePool and MaxPool: the gradient of a window goes to all of its positions alike, or to the largest. */
import { type Node, valueOf } from '../graph.ts';
import type { AveragePoolAttributes } from '../ops/average-pool.ts';
import { spatialShape } from '../ops/conv2d.ts';
import type { PoolAttributes } from '../ops/pool.ts';
import { type GradientRule, outputOf, type StepScope, sizeOf } from './gradient-rule.ts';

type PoolNode = Pick<Node, 'inputs' | 'outputs'> & { readonly attributes: PoolAttributes };

/** Offsets of the pixels of each window, in numbers from the start of a sample. */
function windowsOf({ inputs, outputs, attributes }: PoolNode, { graph }: StepScope): Int32Array[] {
  const [n, height, width, channels] = spatialShape(valueOf(graph, inputs[0] as string).type.shape);
  const [, rows, columns] = spatialShape(valueOf(graph, outputs[0] as string).type.shape);
  const { kernel, stride, dilation, padBefore } = attributes;
  const windows: Int32Array[] = [];
  for (let image = 0; image < n; image++)
    for (let oy = 0; oy < rows; oy++)
      for (let ox = 0; ox < columns; ox++) {
        const offsets: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * stride[0] - padBefore[0] + ky * dilation[0];
            const x = ox * stride[1] - padBefore[1] + kx * dilation[1];
            if (y >= 0 && y < height && x >= 0 && x < width) offsets.push(((image * height + y) * width + x) * channels);
          }
        windows.push(Int32Array.from(offsets));
      }
  return windows;
}

/** @param visit is called with a window's pixels, the start of its sample and where its first output lies; channel by channel */
type Visit = (window: Int32Array, input: number, output: number) => void;

function forOutputs(node: PoolNode, scope: StepScope): (visit: Visit) => void {
  const windows = windowsOf(node, scope);
  const channels = valueOf(scope.graph, node.inputs[0] as string).type.shape.at(-1) as number;
  const size = sizeOf(scope.graph, node.inputs[0] as string);
  return (visit) => {
    let output = 0;
    for (let sample = 0; sample < scope.batch; sample++)
      for (const window of windows) for (let c = 0; c < channels; c++) visit(window, sample * size + c, output++);
  };
}

export const averagePoolGradient: GradientRule = (node: Node<AveragePoolAttributes>, scope) => {
  // Windows that count their padding are not wider than those that do not, unless there is padding.
  const { padBefore, padAfter, countIncludePad, ceil } = node.attributes;
  if (countIncludePad && (ceil || [...padBefore, ...padAfter].some((pad) => pad > 0))) return undefined;
  const forEach = forOutputs(node, scope);
  const x = scope.value(node.inputs[0] as string);
  const dx = scope.gradient(node.inputs[0] as string);
  const { y, dy } = outputOf(node, scope);
  return {
    forward() {
      const [from, to] = [x.data, y.data];
      forEach((window, input, output) => {
        let sum = 0;
        for (const offset of window) sum += from[input + offset] as number;
        to[output] = sum / window.length;
      });
    },
    backward() {
      if (!dx) return;
      const [from, to] = [dy.data, dx.data];
      forEach((window, input, output) => {
        const share = (from[output] as number) / window.length;
        for (const offset of window) to[input + offset] = (to[input + offset] as number) + share;
      });
    },
  };
};

export const maxPoolGradient: GradientRule = (node: Node<PoolAttributes>, scope) => {
  const forEach = forOutputs(node, scope);
  const x = scope.value(node.inputs[0] as string);
  const dx = scope.gradient(node.inputs[0] as string);
  const { y, dy } = outputOf(node, scope);
  const largest = (from: Float32Array, window: Int32Array, input: number) => {
    let best = input + (window[0] as number);
    for (const offset of window) if ((from[input + offset] as number) > (from[best] as number)) best = input + offset;
    return best;
  };
  return {
    forward() {
      const [from, to] = [x.data, y.data];
      forEach((window, input, output) => {
        to[output] = from[largest(from, window, input)] as number;
      });
    },
    backward() {
      if (!dx) return;
      const [values, from, to] = [x.data, dy.data, dx.data];
      forEach((window, input, output) => {
        const at = largest(values, window, input);
        to[at] = (to[at] as number) + (from[output] as number);
      });
    },
  };
};
