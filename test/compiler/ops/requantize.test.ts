import { expect, test } from 'vitest';
import { fuseQuantizeDequantize } from '../../../compiler/passes/fuse-quantize-dequantize.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { importCase, onnxNode, runOnnxRuntime, runWhittle } from './onnx-case.ts';
import { int8Variants } from './op-case.ts';

test.for([
  [0.037, -7, 0.037, -8],
  [0.037, -7, 0.0185, 3],
  [0.037, 100, 0.02, -128],
  [0.02, 0, 0.5, 127],
] as const)('Requantize from (%d, %i) to (%d, %i) equals ONNX Runtime for all integers', async ([s, z, s2, z2]) => {
  const q = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  const model = {
    nodes: [onnxNode('DequantizeLinear', ['x', 's', 'z'], 'real'), onnxNode('QuantizeLinear', ['real', 's2', 'z2'], 'y')],
    inputs: { x: { type: 'int8', shape: [256], data: q } },
    constants: {
      s: { type: 'float32', shape: [], data: [s] },
      z: { type: 'int8', shape: [], data: [z] },
      s2: { type: 'float32', shape: [], data: [s2] },
      z2: { type: 'int8', shape: [], data: [z2] },
    },
    outputs: { y: 'int8' },
  } as const;
  const { y } = await runOnnxRuntime(model);
  const { graph } = quantizeGraph(runPasses(importCase(model), [fuseQuantizeDequantize]), new Map());
  expect(graph.nodes.map((node) => node.op.name)).toEqual(['Requantize']);
  for (const variant of int8Variants) expect((await runWhittle(graph, [q], variant))[0]?.data, variant).toEqual(y?.data);
});
