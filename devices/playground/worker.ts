/** The compiler in a browser's worker: the same code as `whittle compile`, `eval` and `bench`, on files from memory. */
import { INPUT_SHAPE_FORM, parseInputShape } from '../../compiler/cli/parse-input-shape.ts';
import { compileModel } from '../../compiler/compile.ts';
import { compileFile } from '../../compiler/compile-file.ts';
import { UnsupportedModelError, UsageError } from '../../compiler/errors.ts';
import { elementCount, valueOf } from '../../compiler/graph.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { inputPortsOf, modelInputsOf } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { benchModel } from '../bench.ts';
import type { EvalDocument } from '../report/documents.ts';
import { reportPage } from '../report/page.ts';
import { evaluationDocument } from './evaluation.ts';
import { LocalDevice } from './local-device.ts';
import { setFiles } from './memory-files.ts';
import type { CompileRequest, PlaygroundMessage, PlaygroundResult } from './messages.ts';

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<CompileRequest>) => void;
  postMessage(message: PlaygroundMessage, transfer?: Transferable[]): void;
};

/** So many samples are evaluated: the page is to answer soon. */
const EVALUATED_SAMPLES = 200;
/** So many inputs of noise stand in for samples. */
const NOISE_SAMPLES = 8;

function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.onnx$/, '');
}

/** Numbers between -1 and 1, the same at every visit. */
function noise(path: string, inputShapes: ReadonlyMap<string, readonly number[]>): Float32Array[][] {
  const graph = importOnnx(loadOnnx(path).model, { name: path, inputShapes });
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
  return Array.from({ length: NOISE_SAMPLES }, () =>
    graph.inputs.map(({ value }) => Float32Array.from({ length: elementCount(valueOf(graph, value).type.shape) }, next)),
  );
}

/** @throws UsageError */
function parseShapes(text: string): Map<string, readonly number[]> {
  const words = text.split(/[\s;]+/).filter(Boolean);
  return new Map(
    words.map((word) => {
      const shape = parseInputShape(word);
      if (!shape) throw new UsageError(`"${word}" is no shape of an input; write ${INPUT_SHAPE_FORM}`);
      return shape;
    }),
  );
}

async function compile(request: CompileRequest): Promise<PlaygroundResult> {
  const { model, samples, limit, float } = request;
  const post = (message: PlaygroundMessage) => scope.postMessage(message);
  const name = nameOf(model);
  const start = performance.now();
  const inputShapes = parseShapes(request.shapes);
  const onProgress = (stage: string, done?: number) => done === undefined && post({ kind: 'stage', stage });
  const common = { name, seed: 0, inputShapes, onProgress };
  const compiled =
    samples === undefined
      ? await compileModel({ ...common, onnx: model, ...(float ? { float } : { samples: noise(model, inputShapes) }) })
      : await compileFile(model, {
          ...common,
          samples,
          onNote: (text) => post({ kind: 'note', text }),
          onSample: (done, total) => post({ kind: 'stage', stage: 'calibrate', done, total }),
          ...(limit !== undefined && { limit }),
          ...(float && { float }),
        });
  if (samples === undefined && !float)
    post({ kind: 'note', text: 'Without samples int8 is calibrated on noise: sizes and latency are right, accuracy means nothing.' });
  const compileSeconds = (performance.now() - start) / 1000;
  const { fileBytes, islands, ...rest } = compiled.report;
  const document = { model, packedBytes: fileBytes, ...rest, floatIslands: islands };
  post({ kind: 'stage', stage: 'measure in this browser' });
  const device = new LocalDevice();
  const bench = await benchModel(compiled.bytes, device, { maxSeconds: 3 });
  for (const { message } of bench.warnings) post({ kind: 'note', text: `Latency: ${message}` });
  let evaluated: EvalDocument | undefined;
  if (samples !== undefined) {
    const packed = readPackedModel(compiled.bytes);
    const inputs = modelInputsOf(inputPortsOf(compiled.floatGraph));
    const loaded = loadSamples(samples, { inputs, limit: EVALUATED_SAMPLES });
    evaluated = await evaluationDocument(packed, compiled.floatGraph, loaded, device, (done, total) =>
      post({ kind: 'stage', stage: 'evaluate', done, total }),
    );
  }
  const runs = {
    compiled: [{ name, document }],
    compressed: [],
    counts: [],
    benches: [{ name: 'here', document: bench }],
    comparisons: [],
    evaluations: evaluated ? [{ name: 'samples', document: evaluated }] : [],
  };
  return {
    name,
    packed: compiled.bytes,
    report: reportPage(runs, `${name}, compiled in the browser`),
    packedBytes: fileBytes,
    sourceBytes: rest.sourceBytes,
    medianUs: bench.medianUs,
    compileSeconds,
    ...(evaluated?.agreement != null && { agreement: evaluated.agreement }),
    ...(evaluated?.metric === 'top1' && evaluated.int8 !== null && { top1: evaluated.int8 }),
  };
}

scope.onmessage = async ({ data }) => {
  setFiles(data.files);
  try {
    const result = await compile(data);
    scope.postMessage({ kind: 'result', result }, [result.packed.buffer as ArrayBuffer]);
  } catch (error) {
    const { message } = error as Error;
    scope.postMessage({ kind: 'error', message, ...(error instanceof UnsupportedModelError && { problems: error.problems }) });
  }
};
