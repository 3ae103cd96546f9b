/**
 * Conv2d and Dense: patches as rows of a matrix (im2col), so that all three products of a training step are matrix products:
 *
 *     Y = P Wᵀ + b        dW = dYᵀ P,  db = Σ dY        dP = dY W, added to the pixels that the patches came from
 */

import { layerOf, windowOfLayer } from '../compression/layers.ts';
import { type Node, valueOf } from '../graph.ts';
import { spatialShape } from '../ops/conv2d.ts';
import { clampBackward, clampForward } from './clamp.ts';
import { type GradientRule, outputOf, type StepScope } from './gradient-rule.ts';
import { groupedStep } from './grouped.ts';
import type { Numbers } from './memory.ts';
import { windowWords } from './window.ts';

/** Patches of so many numbers are made at once: they stay in the cache between the products that read them. */
const PATCH_NUMBERS = 1 << 17;

/** to[j][i] = from[i][j]. */
function transposeInto(to: Float32Array, from: Float32Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j] as number;
}

export function fillRows({ data }: Numbers, { data: row }: Numbers): void {
  data.set(row);
  for (let filled = row.length; filled < data.length; filled *= 2) data.copyWithin(filled, 0, Math.min(filled, data.length - filled));
}

export function addColumnSums(sums: Numbers | undefined, { data }: Numbers): void {
  if (!sums) return;
  const total = new Float64Array(sums.length);
  for (let at = 0; at < data.length; at += total.length)
    for (let c = 0; c < total.length; c++) total[c] = (total[c] as number) + (data[at + c] as number);
  total.forEach((sum, c) => {
    sums.data[c] = (sums.data[c] as number) + sum;
  });
}

/** Whether every patch is one pixel, in the order of the pixels: then the input is the matrix. */
function isPointwise(node: Node, scope: StepScope): boolean {
  const layer = layerOf(scope.graph, node);
  if (!layer) return false;
  const { kernel, stride, padBefore, padAfter } = windowOfLayer(layer);
  return [...kernel, ...stride].every((extent) => extent === 1) && [...padBefore, ...padAfter].every((pad) => pad === 0);
}

export const conv2dGradient: GradientRule = (node, scope) => {
  const layer = layerOf(scope.graph, node);
  if (!layer) return undefined;
  if (layer.groups > 1) return groupedStep(layer, scope);
  const { memory, batch } = scope;
  const { kernels } = memory;
  const { outputs, columns, clamp } = layer;
  const [x, w, b] = node.inputs.map((name) => scope.value(name)) as [Numbers, Numbers, Numbers];
  const [dx, dw, db] = node.inputs.map((name) => scope.gradient(name)) as [Numbers?, Numbers?, Numbers?];
  const { y, dy } = outputOf(node, scope);
  const transposed = memory.floats(w.length);
  const pointwise = isPointwise(node, scope);
  const images = batch * (spatialShape(valueOf(scope.graph, layer.input).type.shape)[0] as number);
  // A dense layer is one image of a row for each sample.
  const rows = pointwise ? batch * layer.positions : layer.positions * (batch / images);
  const units = pointwise ? 1 : images;
  const pixels = x.length / units;
  const window = pointwise ? 0 : memory.words(windowWords(scope.graph, layer));
  const together = pointwise ? 1 : Math.max(1, Math.floor(PATCH_NUMBERS / (rows * columns)));
  const patches = pointwise ? x : memory.scratchFloats(together * rows * columns);
  /** Calls `multiply` with the number of rows and the addresses of patches, outputs and images, chunk by chunk. */
  const forChunks = (multiply: (count: number, patch: number, at: number, first: number, images: number) => void) => {
    for (let first = 0; first < units; first += together) {
      const taken = Math.min(together, units - first);
      if (!pointwise)
        for (let i = 0; i < taken; i++)
          kernels.gatherPatches(window, x.address + 4 * (first + i) * pixels, patches.address + 4 * i * rows * columns);
      multiply(taken * rows, patches.address, 4 * first * rows * outputs, first, taken);
    }
  };
  return {
    forward() {
      transposeInto(transposed.data, w.data, outputs, columns);
      fillRows(y, b);
      forChunks((count, patch, at) => {
        kernels.productFloat32(
          count,
          outputs,
          columns,
          patch,
          4 * columns,
          4,
          transposed.address,
          4 * outputs,
          y.address + at,
          4 * outputs,
          1,
        );
      });
      clampForward(y, clamp);
    },
    backward() {
      clampBackward(y, dy, clamp);
      addColumnSums(db, dy);
      forChunks((count, patch, at, first, taken) => {
        const from = dy.address + at;
        if (dw) kernels.productFloat32(outputs, columns, count, from, 4, 4 * outputs, patch, 4 * columns, dw.address, 4 * columns, 1);
        if (!dx) return;
        const to = pointwise ? dx.address : patch;
        kernels.productFloat32(count, columns, outputs, from, 4 * outputs, 4, w.address, 4 * columns, to, 4 * columns, pointwise ? 1 : 0);
        if (pointwise) return;
        for (let i = 0; i < taken; i++)
          kernels.scatterPatches(window, dx.address + 4 * (first + i) * pixels, patch + 4 * i * rows * columns);
      });
    },
  };
};
