import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { float32, importNode } from './import-case.ts';
import { int8Variants, randomTensor } from './op-case.ts';

const text = (s: string) => ({ s: new TextEncoder().encode(s) });

/** The formulas of the ONNX specification, on [N, C, H, W]. */
function depthToSpace(
  x: ArrayLike<number>,
  [n, c, h, w]: readonly [number, number, number, number],
  block: number,
  mode: string,
): number[] {
  const depth = c / block ** 2;
  const y = new Array<number>(x.length);
  for (let b = 0; b < n; b++)
    for (let d = 0; d < depth; d++)
      for (let i = 0; i < h * block; i++)
        for (let j = 0; j < w * block; j++) {
          const inBlock = (i % block) * block + (j % block);
          const channel = mode === 'DCR' ? inBlock * depth + d : d * block ** 2 + inBlock;
          const from = ((b * c + channel) * h + Math.floor(i / block)) * w + Math.floor(j / block);
          y[((b * depth + d) * h * block + i) * w * block + j] = x[from] as number;
        }
  return y;
}

describe.each(int8Variants)('%s', (variant) => {
  test.for(['DCR', 'CRD'])('DepthToSpace %s and back', async (mode) => {
    const shape = [2, 12, 3, 5] as const;
    const x = randomTensor(shape, 1);
    const expected = depthToSpace(x.data, shape, 2, mode);
    const attributes = { blocksize: { i: 2 }, mode: text(mode) };
    const there = importNode({ operator: 'DepthToSpace', opset: 13, attributes, inputs: [x.type] });
    const [y] = (await Executor.create(there, variant)).run([x.data]);
    expect(y?.type.shape).toEqual([2, 3, 6, 10]);
    expect(Array.from(y?.data ?? [])).toEqual(expected);
    if (mode === 'CRD') return;
    const back = importNode({ operator: 'SpaceToDepth', opset: 13, attributes: { blocksize: { i: 2 } }, inputs: [float32(2, 3, 6, 10)] });
    expect((await Executor.create(back, variant)).run([expected])[0]?.data).toEqual(x.data);
  });
});

test('refuses sizes that do not divide into blocks', () => {
  const attributes = { blocksize: { i: 2 } };
  expect(() => importNode({ operator: 'DepthToSpace', opset: 13, attributes, inputs: [float32(1, 6, 2, 2)] })).toThrow('6 channels');
  expect(() => importNode({ operator: 'SpaceToDepth', opset: 13, attributes, inputs: [float32(1, 1, 3, 2)] })).toThrow('3 x 2');
});
