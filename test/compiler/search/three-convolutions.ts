/** A network for tests of the search. */
import { type Graph, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { randomTensor } from '../ops/op-case.ts';

/** Three convolutions in a row; the last is tiny. */
export function threeConvolutions(): Graph {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 8, 8, 4] });
  let x = 'x';
  [
    [4, 32],
    [32, 32],
    [32, 1],
  ].forEach(([inputs, outputs], i) => {
    const weights = builder.addConstant(randomTensor([outputs as number, i < 2 ? 3 : 1, i < 2 ? 3 : 1, inputs as number], i));
    const bias = builder.addConstant(tensor('float32', [outputs as number], new Array(outputs).fill(0.1)));
    const pad: [number, number] = i < 2 ? [1, 1] : [0, 0];
    const attributes = { kernel: i < 2 ? [3, 3] : [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: pad, padAfter: pad, groups: 1 };
    x = builder.addOne(Conv2d, [x, weights, bias], { ...attributes, clamp: [0, Infinity] } as never, {
      output: `conv${i}`,
      name: `conv${i}`,
    });
  });
  return builder.build('three', [{ name: 'x', value: 'x' }], [{ name: 'y', value: x }]);
}
