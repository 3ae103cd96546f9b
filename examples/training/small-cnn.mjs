/** The network of the examples with 32 x 32 inputs: three convolutions with pooling, one dense layer. */
import { OnnxGraph } from './files.mjs';
import { convolution, dense, maxPool, relu } from './layers.mjs';

const WIDTHS = [8, 16, 32];

/** @returns { network, encode() } */
export function smallCnn(name, channels, classes) {
  const convolutions = WIDTHS.map((width, i) => convolution(i ? WIDTHS[i - 1] : channels, 32 >> i, width, 3, 1));
  const last = dense(WIDTHS[2] * 16, classes);
  const network = [...convolutions.flatMap((layer, i) => [layer, relu(), maxPool(WIDTHS[i], 32 >> i)]), last];
  const encode = () => {
    const graph = new OnnxGraph(name, `whittle examples/${name}/train.mjs`, { name: 'image', shape: [channels, 32, 32] });
    convolutions.forEach((layer, i) => {
      graph.convolution(`conv${i + 1}`, layer, [WIDTHS[i], i ? WIDTHS[i - 1] : channels, 3, 3], 1);
      graph.add('Relu', `relu${i + 1}`);
      graph.add('MaxPool', `pool${i + 1}`, [], { kernel_shape: [2, 2], strides: [2, 2] });
    });
    graph.add('Flatten', 'flat', [], { axis: 1 });
    graph.dense('dense', last, [classes, WIDTHS[2] * 16], 'logits');
    graph.add('Softmax', 'probabilities', [], { axis: 1 });
    return graph.encode(classes);
  };
  return { network, encode };
}
