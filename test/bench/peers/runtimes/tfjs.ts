/** tfjs with its WASM backend, one thread, float32: the graph is called layer by layer with the fused operators that tfjs has. */
import { fetchBytes, type Load } from '../contestant.ts';
import type { Layer, LayerWindow } from '../layers.ts';
import type { TfjsModel } from '../tfjs-model.ts';

interface TfTensor {
  readonly shape: readonly number[];
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

interface FusedOptions {
  readonly x: TfTensor;
  readonly filter: TfTensor;
  readonly bias: TfTensor;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pad: 'same' | 'valid';
  readonly activation: string;
}

interface Tfjs {
  readonly wasm: { setWasmPaths(folder: string): void };
  env(): { set(flag: string, value: boolean): void };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(data: unknown, shape: readonly number[]): TfTensor;
  tidy(body: () => TfTensor): TfTensor;
  readonly fused: {
    conv2d(options: FusedOptions): TfTensor;
    depthwiseConv2d(options: FusedOptions): TfTensor;
    matMul(options: { a: TfTensor; b: TfTensor; bias: TfTensor; activation: string }): TfTensor;
  };
  add(a: TfTensor, b: TfTensor): TfTensor;
  relu(x: TfTensor): TfTensor;
  relu6(x: TfTensor): TfTensor;
  concat(tensors: TfTensor[], axis: number): TfTensor;
  maxPool(x: TfTensor, size: readonly [number, number], strides: readonly [number, number], pad: 'same' | 'valid'): TfTensor;
  mean(x: TfTensor, axes: number[], keepDims: boolean): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  softmax(x: TfTensor): TfTensor;
}

function runLayer(tf: Tfjs, layer: Layer, inputs: readonly TfTensor[]): TfTensor {
  const [x, filter, bias] = inputs as [TfTensor, TfTensor, TfTensor];
  const activation = layer.activation ?? 'linear';
  const window = layer.window as LayerWindow;
  const fused = () => ({ x, filter, bias, strides: window.stride, dilations: window.dilation, pad: window.padding, activation });
  switch (layer.kind) {
    case 'conv2d':
      return tf.fused.conv2d(fused());
    case 'depthwise':
      return tf.fused.depthwiseConv2d(fused());
    case 'dense':
      return tf.fused.matMul({ a: x, b: filter, bias, activation });
    case 'add': {
      const sum = tf.add(x, filter);
      return activation === 'linear' ? sum : tf[activation](sum);
    }
    case 'concat':
      return tf.concat([...inputs], -1);
    case 'maxPool':
      return tf.maxPool(x, window.kernel, window.stride, window.padding);
    case 'spatialMean':
      return tf.mean(x, [1, 2], true);
    case 'reshape':
      return tf.reshape(x, layer.shape as readonly number[]);
    case 'softmax':
      return tf.softmax(x);
  }
}

export const load: Load = async ({ model, second, library, assets }) => {
  const [tf, description, weights] = await Promise.all([
    import(/* @vite-ignore */ library) as Promise<Tfjs>,
    fetchBytes(model),
    fetchBytes(second as string),
  ]);
  tf.wasm.setWasmPaths(assets);
  // Without it the isolated page gets the build with threads, which is slower on one.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  await tf.ready();
  const { input: inputName, output: outputName, layers, weights: places } = JSON.parse(new TextDecoder().decode(description)) as TfjsModel;
  const constants = new Map<string, TfTensor>();
  for (const [name, { shape, offset }] of Object.entries(places)) {
    const length = shape.reduce((product, extent) => product * extent, 1);
    constants.set(name, tf.tensor(new Float32Array(weights.buffer, weights.byteOffset + 4 * offset, length).slice(), shape));
  }
  return (input, shape) => {
    const values = new Map(constants).set(inputName, tf.tensor(input, shape));
    return async () => {
      const output = tf.tidy(() => {
        const intermediate = new Map(values);
        for (const layer of layers) {
          const inputs = layer.inputs.map((name) => intermediate.get(name) as TfTensor);
          intermediate.set(layer.output, runLayer(tf, layer, inputs));
        }
        return intermediate.get(outputName) as TfTensor;
      });
      const result = await output.data();
      output.dispose();
      return result;
    };
  };
};
