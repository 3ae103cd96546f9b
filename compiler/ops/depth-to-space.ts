/**
 * DepthToSpace and SpaceToDepth as Reshape, Transpose, Reshape. They are done channels last, where a block of the image
 * is one run of channels; no nodes of their own remain.
 */
import type { ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import type { OnnxImporter } from './op.ts';
import { Reshape } from './reshape.ts';
import { Transpose } from './transpose.ts';

type Shape4 = readonly [number, number, number, number];

/** Shape of input 0 as [N, H, W, C], and the block size. */
function geometryOf(node: OnnxNode, graph: GraphBuilder): { shape: Shape4; block: number } {
  const shape = graph.shape(node.required(0));
  const block = node.int('blocksize', 0);
  const [n, c, h, w] = shape as Shape4;
  if (shape.length !== 4) throw node.unsupported(`input of rank ${shape.length} [${shape}]`, 'only [N, C, H, W] is supported');
  if (block < 1) throw node.unsupported(`blocksize ${block}`, 'the model is not valid ONNX, export it again');
  return { shape: [n, h, w, c], block };
}

function importBlocks(
  node: OnnxNode,
  graph: GraphBuilder,
  split: readonly number[],
  permutation: readonly number[],
  joined: readonly number[],
): void {
  const x = toChannelsLast(graph, node.required(0));
  const blocks = graph.addOne(Reshape, [x], { shape: split });
  const moved = graph.addOne(Transpose, [blocks], { permutation });
  toChannelsFirst(graph, graph.addOne(Reshape, [moved], { shape: joined }), node.outputs[0] as ValueName);
}

export const DepthToSpace: OnnxImporter = {
  onnx: {
    DepthToSpace(node, graph) {
      const { shape, block } = geometryOf(node, graph);
      const [n, h, w, c] = shape;
      const depth = c / block ** 2;
      if (!Number.isInteger(depth)) throw node.unsupported(`${c} channels do not fill blocks of ${block}`, 'export the model again');
      const mode = node.string('mode', 'DCR');
      const joined = [n, h * block, w * block, depth];
      if (mode === 'DCR') importBlocks(node, graph, [n, h, w, block, block, depth], [0, 1, 3, 2, 4, 5], joined);
      else if (mode === 'CRD') importBlocks(node, graph, [n, h, w, depth, block, block], [0, 1, 4, 2, 5, 3], joined);
      else throw node.unsupported(`mode ${mode}`, 'export with mode DCR or CRD');
    },

    SpaceToDepth(node, graph) {
      const { shape, block } = geometryOf(node, graph);
      const [n, h, w, c] = shape;
      const [rows, columns] = [h / block, w / block];
      if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
        throw node.unsupported(`an image of ${h} x ${w} does not divide into blocks of ${block}`, 'pad or crop the input');
      }
      const joined = [n, rows, columns, c * block ** 2];
      importBlocks(node, graph, [n, rows, block, columns, block, c], [0, 1, 3, 2, 4, 5], joined);
    },
  },
};
