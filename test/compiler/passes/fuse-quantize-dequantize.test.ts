import { describe, expect, test } from 'vitest';
import type { Graph } from '../../../compiler/graph.ts';
import { fuseQuantizeDequantize } from '../../../compiler/passes/fuse-quantize-dequantize.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { importCase, type OnnxModel, type OnnxTensor, onnxNode } from '../ops/onnx-case.ts';

const scalar = (type: OnnxTensor['type'], value: number): OnnxTensor => ({ type, shape: [], data: [value] });
const zeros = (type: OnnxTensor['type'], shape: readonly number[]): OnnxTensor => ({
  type,
  shape,
  data: new Array(shape.reduce((p, e) => p * e, 1)).fill(0),
});

const constants = {
  s: scalar('float32', 0.5),
  z: scalar('uint8', 130),
  s2: scalar('float32', 0.25),
  z2: scalar('uint8', 128),
};
const p = { scale: [0.5], zeroPoint: 2 };
const p2 = { scale: [0.25], zeroPoint: 0 };

function pair(x: string, y: string, suffix = '') {
  return [
    onnxNode('QuantizeLinear', [x, `s${suffix}`, `z${suffix}`], `${y}.q`),
    onnxNode('DequantizeLinear', [`${y}.q`, `s${suffix}`, `z${suffix}`], y),
  ];
}

function fused(model: Omit<OnnxModel, 'constants'>): { graph: Graph; operators: string[] } {
  const graph = runPasses(importCase({ ...model, constants }), [fuseQuantizeDequantize]);
  return { graph, operators: graph.nodes.map((node) => node.op.name) };
}

const demandOf = (graph: Graph, name: string) => graph.values.get(name)?.type.quantization;

describe('fuse-quantize-dequantize', () => {
  test('a pair becomes a demand on the value, for every reader of it', () => {
    const { graph, operators } = fused({
      inputs: { x: zeros('float32', [2]) },
      nodes: [onnxNode('Relu', ['x'], 'a'), ...pair('a', 'b'), onnxNode('Sigmoid', ['b'], 'y'), onnxNode('Sigmoid', ['a'], 'w')],
      outputs: { y: 'float32', w: 'float32' },
    });
    expect(operators).toEqual(['Unary', 'Unary', 'Unary']);
    expect(demandOf(graph, 'a')).toEqual(p);
    expect(graph.nodes[1]?.inputs).toEqual(['a']);
  });

  test('one Quantize with a Dequantize per reader, as exporters write it', () => {
    const { graph, operators } = fused({
      inputs: { x: zeros('float32', [2]) },
      nodes: [
        ...pair('x', 'b'),
        onnxNode('DequantizeLinear', ['b.q', 's', 'z'], 'c'),
        onnxNode('Sigmoid', ['b'], 'y'),
        onnxNode('Relu', ['c'], 'w'),
      ],
      outputs: { y: 'float32', w: 'float32' },
    });
    expect(operators).toEqual(['Unary', 'Unary']);
    expect(demandOf(graph, 'x')).toEqual(p);
  });

  test('other parameters for the same value are an explicit Requantize', () => {
    const { graph, operators } = fused({
      inputs: { x: zeros('float32', [2]) },
      nodes: [...pair('x', 'a'), ...pair('a', 'b', '2'), onnxNode('Relu', ['b'], 'y')],
      outputs: { y: 'float32' },
    });
    expect(operators).toEqual(['Requantize', 'Unary']);
    expect(demandOf(graph, 'x')).toEqual(p);
    expect(demandOf(graph, 'b')).toEqual(p2);
  });

  test('a pair whose parameters differ scales the value and stays', () => {
    const { operators } = fused({
      inputs: { x: zeros('float32', [2]) },
      nodes: [onnxNode('QuantizeLinear', ['x', 's', 'z'], 'q'), onnxNode('DequantizeLinear', ['q', 's2', 'z'], 'y')],
      outputs: { y: 'float32' },
    });
    expect(operators).toEqual(['Quantize', 'Dequantize']);
  });

  test.for(['int8', 'uint8'] as const)('%s inputs and outputs become float32 ports with demands', (type) => {
    const zeroPoint = type === 'uint8' ? 130 : 2;
    const model: OnnxModel = {
      inputs: { x: zeros(type, [2]) },
      nodes: [
        onnxNode('DequantizeLinear', ['x', 's', 'zero'], 'a'),
        onnxNode('Relu', ['a'], 'b'),
        onnxNode('QuantizeLinear', ['b', 's2', 'zero'], 'y'),
      ],
      constants: { ...constants, zero: scalar(type, zeroPoint) },
      outputs: { y: type },
    };
    const graph = runPasses(importCase(model), [fuseQuantizeDequantize]);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Unary']);
    expect(graph.inputs).toEqual([{ name: 'x', value: 'a' }]);
    expect(graph.outputs).toEqual([{ name: 'y', value: 'b' }]);
    expect(graph.values.get('a')?.type).toEqual({ dtype: 'float32', shape: [2], quantization: p });
    expect(demandOf(graph, 'b')).toEqual({ scale: [0.25], zeroPoint: 2 });
  });

  test('an output under other parameters than its value demands is requantized', () => {
    const { graph, operators } = fused({
      inputs: { x: zeros('float32', [2]) },
      nodes: [onnxNode('Relu', ['x'], 'a'), ...pair('a', 'b'), onnxNode('QuantizeLinear', ['b', 's2', 'z2'], 'y')],
      outputs: { y: 'uint8', b: 'float32' },
    });
    expect(operators).toEqual(['Unary', 'Requantize']);
    expect(demandOf(graph, 'a')).toEqual(p);
    expect(demandOf(graph, graph.outputs[0]?.value as string)).toEqual(p2);
  });

  test('operators that only move integers move the real numbers instead', () => {
    const { graph, operators } = fused({
      inputs: { x: zeros('float32', [2, 3]) },
      nodes: [
        onnxNode('QuantizeLinear', ['x', 's', 'z'], 'q'),
        onnxNode('Transpose', ['q'], 't', { perm: [1, 0] }),
        onnxNode('Flatten', ['t'], 'f'),
        onnxNode('DequantizeLinear', ['f', 's', 'z'], 'd'),
        onnxNode('Relu', ['d'], 'y'),
      ],
      outputs: { y: 'float32' },
    });
    expect(operators).toEqual(['Transpose', 'Reshape', 'Unary']);
    expect(graph.nodes.flatMap((node) => node.inputs).map((name) => graph.values.get(name)?.type.dtype)).toEqual(
      new Array(3).fill('float32'),
    );
    expect(demandOf(graph, 'x')).toEqual(p);
    expect(demandOf(graph, 'd')).toEqual(p);
  });
});
