/** Writes what a training leaves: the ONNX model, arrays (npz) and descriptions of samples. */
import { strToU8, zipSync } from 'fflate';
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** An ONNX graph in the making, float32, batch N. */
export class OnnxGraph {
  nodes = [];
  initializers = [];

  /** @param input name and shape without the batch */
  constructor(name, producer, input) {
    this.name = name;
    this.producer = producer;
    this.input = input;
    this.last = input.name;
  }

  tensor(name, dims, { values }) {
    const dataType = onnx.TensorProto.DataType.FLOAT;
    this.initializers.push({ name, dims, dataType, rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) });
    return name;
  }

  /** Appends a node to the chain. @param attributes integers or lists of integers */
  add(opType, output, inputs = [], attributes = {}) {
    const { INT, INTS } = onnx.AttributeProto.AttributeType;
    const attribute = Object.entries(attributes).map(([name, value]) =>
      Array.isArray(value) ? { name, ints: value, type: INTS } : { name, i: value, type: INT },
    );
    this.nodes.push({ opType, name: output, input: [this.last, ...inputs], output: [output], attribute });
    this.last = output;
  }

  convolution(name, { weights, bias }, shape, pad) {
    const inputs = [this.tensor(`${name}.weight`, shape, weights), this.tensor(`${name}.bias`, [shape[0]], bias)];
    this.add('Conv', name, inputs, pad ? { pads: [pad, pad, pad, pad] } : {});
  }

  dense(name, { weights, bias }, shape, output = name) {
    const inputs = [this.tensor(`${name}.weight`, shape, weights), this.tensor(`${name}.bias`, [shape[0]], bias)];
    this.add('Gemm', output, inputs, { transB: 1 });
  }

  /** @param classes extent of the output */
  encode(classes) {
    const valueInfo = (name, dims) => ({
      name,
      type: {
        tensorType: {
          elemType: onnx.TensorProto.DataType.FLOAT,
          shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) },
        },
      },
    });
    return onnx.ModelProto.encode({
      irVersion: 8,
      producerName: this.producer,
      opsetImport: [{ domain: '', version: 13 }],
      graph: {
        name: this.name,
        input: [valueInfo(this.input.name, ['N', ...this.input.shape])],
        output: [valueInfo(this.last, ['N', classes])],
        initializer: this.initializers,
        node: this.nodes,
      },
    }).finish();
  }
}

/** NPY version 1.0 of uint8 data. */
export function npy(shape, data) {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const prefix = [0x93, ...strToU8('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8];
  const bytes = new Uint8Array(prefix.length + padded.length + data.length);
  bytes.set(prefix);
  bytes.set(strToU8(padded), prefix.length);
  bytes.set(data, prefix.length + padded.length);
  return bytes;
}

/** @param arrays name → uint8 NPY bytes */
export function npz(arrays) {
  const files = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]));
  return zipSync(files, { level: 9, mtime: new Date(1998, 10, 1) });
}

/** A *.dataset.json for the arrays `name` and `name_labels` of `file`. */
export function dataset(file, name, classes, preprocess) {
  const samples = { file, array: name, layout: 'NHWC' };
  return `${JSON.stringify({ samples, labels: { file, array: `${name}_labels` }, classes, preprocess, metric: 'top1' }, null, 2)}\n`;
}
