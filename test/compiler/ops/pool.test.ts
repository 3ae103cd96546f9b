/** Random windows of ONNX's pools against ONNX Runtime: what the attributes mean. */
import { expect, test } from 'vitest';
import { type Attribute, importCase, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, randomNumbers, randomTensor, variants } from './op-case.ts';

const pools = [
  { operator: 'MaxPool', opset: 12 },
  { operator: 'AveragePool', opset: 11 },
  { operator: 'AveragePool', opset: 19 },
];

const cases = pools.flatMap((pool) => Array.from({ length: 20 }, (_, seed) => ({ ...pool, seed })));

/** Attributes of a pool over `input`; pads stay smaller than the kernel, as ONNX Runtime demands. */
function randomAttributes(operator: string, opset: number, seed: number): Record<string, Attribute> {
  const next = randomNumbers(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const pair = (make: () => number) => [make(), make()];
  const kernel = pair(() => 1 + below(4));
  const dilated = operator === 'MaxPool' || opset >= 19;
  const auto = ['NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'][below(5)] as string;
  return {
    kernel_shape: kernel,
    // With SAME and strides beyond the kernel ONNX Runtime asks for negative padding, and refuses it.
    strides: kernel.map((extent) => 1 + below(auto.startsWith('SAME') ? extent : 3)),
    ceil_mode: auto === 'NOTSET' ? below(2) : 0,
    ...(operator === 'AveragePool' && { count_include_pad: below(2) }),
    ...(dilated && auto === 'NOTSET' && { dilations: pair(() => 1 + below(2)) }),
    ...(auto === 'NOTSET' ? { pads: [...kernel, ...kernel].map((extent) => below(extent)) } : { auto_pad: auto }),
  };
}

test.for(cases)('$operator of opset $opset, seed $seed', async ({ operator, opset, seed }) => {
  const attributes = randomAttributes(operator, opset, seed);
  const x = randomTensor([2, 3, 9, 10], seed);
  const model = {
    nodes: [onnxNode(operator, ['x'], 'y', attributes)],
    inputs: { x: toOnnxTensor(x) },
    outputs: { y: 'float32' },
    opset,
  } as const;
  const expected = (await runOnnxRuntime(model)).y as { shape: readonly number[]; data: Float32Array };
  for (const variant of variants) {
    const [y] = await runWhittle(importCase(model), [x.data], variant);
    const wanted = { type: { dtype: 'float32', shape: expected.shape }, data: expected.data } as const;
    if (!y) expect.fail('no output');
    else expectClose(y, wanted, 1e-6, `${variant} ${JSON.stringify(attributes)}`);
  }
});
