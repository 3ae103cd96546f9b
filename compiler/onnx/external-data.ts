/**
 * Weights in files beside the model (TensorProto.external_data): what torch.onnx.export writes by default since PyTorch 2.9, and
 * every exporter beyond the 2 GB of a protobuf. Each tensor names a file, relative to the model's folder, and its bytes there.
 */
import { dirname, join } from 'node:path';
import type { onnx as Onnx } from 'onnx-proto';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';

/** TensorProto.DataLocation */
const DEFAULT = 0,
  EXTERNAL = 1;

/** Initializers and the tensors of attributes, those of branches included. */
function tensorsOf(graph: Onnx.IGraphProto): Onnx.ITensorProto[] {
  const attributes = (graph.node ?? []).flatMap((node) => node.attribute ?? []);
  const branches = attributes.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);
  const constants = attributes.flatMap(({ t, tensors }) => [...(t ? [t] : []), ...(tensors ?? [])]);
  return [...(graph.initializer ?? []), ...constants, ...branches.flatMap(tensorsOf)];
}

/** The files that tensors name, each read once; undefined when one cannot be read, which is told once. */
class NamedFiles {
  private readonly contents = new Map<string, Uint8Array | undefined>();

  constructor(
    private readonly folder: string,
    private readonly problems: string[],
  ) {}

  read(location: string): Uint8Array | undefined {
    if (!this.contents.has(location)) this.contents.set(location, this.open(location));
    return this.contents.get(location);
  }

  private open(location: string): Uint8Array | undefined {
    const parts = location.split('/');
    // A model that somebody else made must not read other files than those that came with it.
    if (parts.some((part) => part === '' || part === '..' || /[\\:]/.test(part))) {
      this.problems.push(`"${location}" is no file in the model's folder`);
      return undefined;
    }
    try {
      return readInputFile(join(this.folder, ...parts));
    } catch (error) {
      this.problems.push((error as Error).message);
      return undefined;
    }
  }
}

/**
 * Puts the bytes of external tensors into the model, which is then complete by itself.
 * @param path of the model
 * @returns whether there were any
 * @throws InputFileError with everything that is wrong with the files
 */
export function embedExternalData(model: Onnx.ModelProto, path: string): boolean {
  const external = tensorsOf(model.graph ?? {}).filter(({ dataLocation }) => dataLocation === EXTERNAL);
  const problems: string[] = [];
  const files = new NamedFiles(dirname(path), problems);
  for (const tensor of external) {
    const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value ?? '']));
    const location = entries.get('location') ?? '';
    const file = files.read(location);
    if (!file) continue;
    const offset = Number(entries.get('offset') ?? 0);
    const length = Number(entries.get('length') ?? file.length - offset);
    if (!(offset >= 0 && length >= 0 && offset + length <= file.length)) {
      problems.push(`tensor "${tensor.name}" is ${length} bytes from byte ${offset} of ${location} on, which has ${file.length}`);
      continue;
    }
    tensor.rawData = file.subarray(offset, offset + length);
    tensor.dataLocation = DEFAULT;
    tensor.externalData = [];
  }
  if (problems.length) {
    throw new InputFileError(
      `${path}: its weights lie in files of their own, ${problems.length} problem(s):\n  ${problems.join('\n  ')}\nput the files of the same export beside it, or export with external_data=False`,
    );
  }
  return external.length > 0;
}
