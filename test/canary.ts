/** Kernels run unchecked: this proves that they write nothing but their outputs. */
import { expect } from 'vitest';
import { Engine } from '../compiler/engine.ts';
import { byteLength, type Graph, type TypedArray } from '../compiler/graph.ts';
import { writePackedModel } from '../compiler/packed/write.ts';
import { planExecution } from '../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../compiler/root.ts';

const CANARY = 0xa5;
/** Bytes behind the last tensor that are watched, too. */
const TAIL_BYTES = 64;

/** Runs the graph on an arena full of canaries; every byte outside the tensors must survive. */
export async function expectWritesOnlyTensors(
  graph: Graph,
  inputs: readonly TypedArray[],
  runtime: Variant | WebAssembly.Module,
): Promise<void> {
  const plan = planExecution(graph);
  const model = writePackedModel(plan, { name: graph.name, inputs: [], outputs: [], steps: [] });
  const engine = await Engine.create(runtime instanceof WebAssembly.Module ? runtime : await fullRuntime(runtime), model);
  const arena = plan.tensors.flatMap((planned, index) => (planned.constant ? [] : [{ ...planned, index }]));
  const first = arena.reduce((lowest, planned) => (planned.offset < lowest.offset ? planned : lowest));
  const watched = engine.tensor(first.index, plan.arenaBytes - first.offset + TAIL_BYTES);
  watched.fill(CANARY);
  inputs.forEach(({ buffer, byteOffset, byteLength: bytes }, i) => engine.input(i, bytes).set(new Uint8Array(buffer, byteOffset, bytes)));
  engine.run();
  for (const { offset, type } of arena) watched.fill(CANARY, offset - first.offset, offset - first.offset + byteLength(type));
  const hit = watched.findIndex((byte) => byte !== CANARY);
  if (hit >= 0) expect.fail(`${runtime}: ${graph.name} wrote byte ${hit + first.offset} of the arena, which belongs to no tensor`);
}
