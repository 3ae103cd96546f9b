import { expect, test } from 'vitest';
import type { Graph } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import * as format from '../../../runtime-as/format.ts';
import { smallMetadata, smallModel } from '../../small-model.ts';

/** x int8 [4] → sigmoid table → y int8 [4] → relu table → z int8 [4]. */
function tableGraph(): Graph {
  const builder = new GraphBuilder();
  const quantization = { scale: [0.0625], zeroPoint: 0 };
  builder.define('x', { dtype: 'int8', shape: [4], quantization });
  const y = builder.addOne(Unary, ['x'], { function: 'Sigmoid', alpha: 0, beta: 0 }, { output: 'y' });
  const z = builder.addOne(Unary, [y], { function: 'Relu', alpha: 0, beta: 0 }, { output: 'z' });
  const graph = builder.build('golden', [{ name: 'x', value: 'x' }], [{ name: 'z', value: z }]);
  const values = new Map(graph.values);
  for (const [name, zeroPoint, scale] of [
    ['y', -128, 1 / 256],
    ['z', -128, 1 / 256],
  ] as const) {
    values.set(name, { name, type: { dtype: 'int8', shape: [4], quantization: { scale: [scale], zeroPoint } } });
  }
  return { ...graph, values };
}

function goldenModel(): Uint8Array {
  const port = { dtype: 'int8', shape: [4] } as const;
  return writePackedModel(planExecution(tableGraph()), {
    name: 'golden',
    inputs: [{ name: 'x', ...port, scale: 0.0625, zeroPoint: 0 }],
    outputs: [{ name: 'z', ...port, scale: 1 / 256, zeroPoint: -128 }],
    steps: ['sigmoid', 'relu'],
  });
}

/** The file as a person reads it: header words by name, then each section in rows of 16 bytes. */
function hexDump(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer);
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  const lines: string[] = [];
  const headerNames = Object.entries(format)
    .filter(([name]) => name.startsWith('HEADER_') && name !== 'HEADER_WORDS')
    .sort((a, b) => a[1] - b[1]);
  for (const [name, word] of headerNames) lines.push(`${hex(word * 4, 4)}  ${hex(view.getUint32(word * 4, true), 8)}  ${name}`);
  const sections = [
    ['tensors', format.HEADER_TENSORS_OFFSET],
    ['ports', format.HEADER_PORTS_OFFSET],
    ['steps', format.HEADER_STEPS_OFFSET],
    ['metadata', format.HEADER_METADATA_OFFSET],
    ['constants', format.HEADER_CONSTANTS_OFFSET],
  ] as const;
  sections.forEach(([name, word], i) => {
    const from = view.getUint32(word * 4, true);
    const next = sections[i + 1];
    const to = next ? view.getUint32(next[1] * 4, true) : bytes.length;
    lines.push('', `${name}:`);
    for (let row = from; row < to; row += 16) {
      const slice = bytes.subarray(row, Math.min(row + 16, to));
      const text = Array.from(slice, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
      lines.push(
        `${hex(row, 4)}  ${Array.from(slice, (byte) => hex(byte, 2))
          .join(' ')
          .padEnd(47)}  ${text}`,
      );
    }
  });
  return `${lines.join('\n')}\n`;
}

test('the bytes of a small model are those of the golden file', async () => {
  await expect(hexDump(goldenModel())).toMatchFileSnapshot('../../golden/packed-model.txt');
});

test('the same plan gives the same bytes', () => {
  expect(smallModel()).toEqual(smallModel());
});

test('equal constants are stored once', () => {
  const graph = tableGraph();
  const relu = { function: 'Relu', alpha: 0, beta: 0 };
  const type = { dtype: 'int8', shape: [4], quantization: { scale: [0.5], zeroPoint: 0 } } as const;
  const same = {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, attributes: relu })),
    values: new Map([...graph.values].map(([name, value]) => [name, { ...value, type }])),
  };
  expect(readPackedModel(goldenModel()).constantsBytes).toBe(512);
  expect(readPackedModel(writePackedModel(planExecution(same), smallMetadata)).constantsBytes).toBe(256);
});

function withoutMetadata(bytes: Uint8Array): Uint8Array {
  const word = (index: number) => new DataView(bytes.buffer).getUint32(index * 4, true);
  const from = word(format.HEADER_METADATA_OFFSET);
  return bytes.fill(0, from, from + word(format.HEADER_METADATA_BYTES));
}

test.for([
  ['too short', (bytes: Uint8Array) => bytes.slice(0, 20), /20 bytes are too few/],
  ['no packed model', (bytes: Uint8Array) => bytes.fill(0, 0, 4), /wrong magic number/],
  ['another version', (bytes: Uint8Array) => bytes.fill(9, 4, 5), /has format version 9, this whittle reads version 5/],
  ['cut off', (bytes: Uint8Array) => bytes.slice(0, -1), /says it has \d+ bytes but has \d+/],
  ['broken metadata', withoutMetadata, /metadata are not valid JSON/],
] as const)('the host reader names the damage: %s', ([, damage, message]) => {
  expect(() => readPackedModel(damage(smallModel()), 'm.whittle')).toThrow(message);
});
