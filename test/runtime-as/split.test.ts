/** Every operator that can be divided into parts must give the same bytes in parts; the parts run one after the other here. */
import { describe, expect, test } from 'vitest';
import { encodeAs } from '../../compiler/encoding/encode-plan.ts';
import { Engine, growTo, loadModel, type RuntimeExports } from '../../compiler/engine.ts';
import { Executor } from '../../compiler/execute.ts';
import { byteLength, type Graph, type Tensor, valueOf } from '../../compiler/graph.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import type { Variant } from '../../compiler/root.ts';
import { buildThreadsRuntime } from '../../targets/build-runtime.ts';
import { relaxedBuild } from './relaxed-engine.ts';
import { type Case, cases, graphOf } from './split-cases.ts';

interface ThreadRuntime extends RuntimeExports {
  planThreads(threads: number, minimumWork: number): number;
  prepareThreads(): void;
  runThreads(): void;
}

const builds = ['simd', 'SDOT', 'PMADDUBSW'] as const;
const threadsBuild = (variant: Variant) => buildThreadsRuntime({ opcodes: [...opcodeNames.keys()] }, variant);
const [plain, relaxed] = await Promise.all([threadsBuild('simd'), threadsBuild('relaxed')]);
const runtimes = await Promise.all(
  builds.map((name) => (name === 'simd' ? WebAssembly.compile(plain as BufferSource) : relaxedBuild(name, relaxed))),
);

function packed(oneCase: Case): Uint8Array {
  const plan = planExecution(graphOf(oneCase));
  return writePackedModel(oneCase.encoding ? encodeAs(plan, oneCase.encoding).plan : plan, {
    name: 'case',
    inputs: [],
    outputs: [],
    steps: [],
  });
}

/** The model in as many parts as so many threads would get, and how much more memory the parts need than the whole; negative where small workspaces save more. */
async function divided(runtime: WebAssembly.Module, model: Uint8Array, threads: number): Promise<{ engine: Engine; extraBytes: number }> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024, shared: true });
  const loaded = (await loadModel(runtime, model, { env: { memory } })) as ThreadRuntime;
  const whole = loaded.planThreads(threads, 0x7fffffff);
  const bytes = loaded.planThreads(threads, 0);
  growTo(memory, bytes);
  loaded.prepare();
  loaded.prepareThreads();
  return { engine: new Engine(loaded, () => loaded.runThreads()), extraBytes: bytes - whole };
}

/** Bytes of the output, the arena around it full of something else. */
function run(engine: Engine, graph: Graph, inputs: readonly Tensor[]): Uint8Array {
  const { type } = valueOf(graph, 'y');
  engine.output(0, byteLength(type)).fill(0x55);
  inputs.forEach(({ type: { dtype, shape }, data }, i) => {
    engine.input(i, byteLength({ dtype, shape })).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
  engine.run();
  return engine.output(0, byteLength(type)).slice();
}

describe('in parts', () => {
  test.for(cases)('$name', async (oneCase) => {
    const graph = graphOf(oneCase);
    const runtimeInputs = oneCase.inputs.filter((_, i) => !oneCase.constants?.includes(i));
    const [whole] = (await Executor.create(graph)).run(runtimeInputs.map(({ data }) => data)) as [Tensor];
    const expected = new Uint8Array(whole.data.buffer, whole.data.byteOffset, whole.data.byteLength);
    const model = packed(oneCase);
    for (const [i, runtime] of runtimes.entries())
      for (const threads of [1, 2, 3, 7]) {
        const { engine, extraBytes } = await divided(runtime, model, threads);
        expect(extraBytes, 'is divided').not.toBe(0);
        // The second run meets workspaces full of the first one's numbers.
        for (const _ of [1, 2]) expect(run(engine, graph, runtimeInputs), `${builds[i]}, ${threads} threads`).toEqual(expected);
      }
  });

  test('every opcode has a case, but those that always run as a whole', () => {
    const covered = new Set(cases.flatMap((oneCase) => readPackedModel(packed(oneCase)).opcodes));
    const missing = [...opcodeNames].filter(([opcode]) => !covered.has(opcode)).map(([, name]) => name);
    const formats = ['CONV2D_FLOAT16', 'DEPTHWISE_FLOAT16', 'CONV2D_DYNAMIC', 'CONV2D_INT16', 'QUANTIZE_INT16', 'DEQUANTIZE_INT16'];
    expect(missing).toEqual(['CONV_TRANSPOSE_FLOAT32', 'PAD', ...formats]);
  });
});
