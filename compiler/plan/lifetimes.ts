/** When each arena tensor is live, and which tensors share bytes (reshapes, in-place kernels). */
import { byteLength, type Graph, isGraphInput, isGraphOutput, type ValueName, valueOf } from '../graph.ts';
import type { CalledNode } from './plan.ts';

/** One block of the arena. Steps are numbered from 0; an input is live from step -1, an output to the step count. */
export interface Lifetime {
  /** The values that lie in this block, in the order they are computed. */
  readonly values: readonly ValueName[];
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** `aliases` maps a value to the one whose bytes it is. */
export function lifetimesOf(graph: Graph, calls: readonly CalledNode[], aliases: ReadonlyMap<ValueName, ValueName>): Lifetime[] {
  const rootOf = (name: ValueName) => aliases.get(name) ?? name;
  const lastUse = new Map<ValueName, number>();
  const firstUse = new Map<ValueName, number>();
  for (const port of graph.inputs) firstUse.set(rootOf(port.value), -1);
  calls.forEach(({ node, call }, step) => {
    for (const output of node.outputs) {
      firstUse.set(output, step);
      lastUse.set(output, step);
    }
    for (const operand of call.operands) if (typeof operand === 'string') lastUse.set(rootOf(operand), step);
  });
  for (const port of graph.outputs) lastUse.set(rootOf(port.value), calls.length);

  const isPinned = (root: ValueName) => isGraphInput(graph, root) && isGraphOutput(graph, root);
  const blockOf = new Map<ValueName, { values: ValueName[]; bytes: number; first: number; last: number }>();
  for (const port of graph.inputs) {
    const root = rootOf(port.value);
    if (valueOf(graph, root).constant) continue;
    blockOf.set(root, { values: [root], bytes: byteLength(valueOf(graph, root).type), first: -1, last: lastUse.get(root) ?? -1 });
  }
  calls.forEach(({ node, call }, step) => {
    const output = node.outputs[0] as ValueName;
    const bytes = byteLength(valueOf(graph, output).type);
    const shared = (call.inPlace ?? [])
      .map((index) => call.operands[index])
      .filter((operand): operand is ValueName => typeof operand === 'string')
      .map(rootOf)
      .find((root) => {
        const block = blockOf.get(root);
        const readTwice = call.operands.filter((operand) => typeof operand === 'string' && rootOf(operand) === root).length > 1;
        return block && !readTwice && !isPinned(root) && lastUse.get(root) === step && block.bytes >= bytes && block.values.at(-1) === root;
      });
    const last = lastUse.get(output) as number;
    const block = shared !== undefined ? blockOf.get(shared) : undefined;
    if (block) {
      block.values.push(output);
      block.last = last;
      blockOf.set(output, block);
    } else {
      blockOf.set(output, { values: [output], bytes, first: firstUse.get(output) as number, last });
    }
  });
  return [...new Set(blockOf.values())];
}
