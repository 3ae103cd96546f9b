/** Graph → ExecutionPlan: kernel calls in order, and a place for every tensor. */
import { UnsupportedModelError } from '../errors.ts';
import { byteLength, type Graph, type Node, type TensorType, type TypedArray, type Value, type ValueName, valueOf } from '../graph.ts';
import type { KernelCall, Operand } from '../ops/op.ts';
import { planArena } from './arena.ts';
import { type Lifetime, lifetimesOf } from './lifetimes.ts';
import { promiseWeights } from './weight-promises.ts';

export interface PlannedTensor {
  readonly name: string;
  readonly type: TensorType;
  /** Present: the tensor lies in the constants section. */
  readonly constant?: TypedArray;
  /** What the compiler has proved of weights: PROMISES of the packed model (runtime-as/format.ts). */
  readonly promises?: number;
  /** Byte offset in the arena; 0 for constants. */
  readonly offset: number;
}

export interface PlannedStep {
  /** Name of the graph's node, for reports. */
  readonly node: string;
  readonly opcode: number;
  /** Indices into `tensors`; the last one is the output. */
  readonly operands: readonly number[];
  readonly parameters: readonly number[];
}

export interface ExecutionPlan {
  readonly tensors: readonly PlannedTensor[];
  readonly steps: readonly PlannedStep[];
  /** Tensor indices in the order of the graph's ports. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly arenaBytes: number;
  /** Sum of the live tensors at the worst step: no arena can be smaller. */
  readonly arenaLowerBound: number;
  readonly lifetimes: readonly Lifetime[];
}

/** One kernel call of the graph, before tensors have places. */
export interface CalledNode {
  readonly node: Node;
  readonly call: KernelCall;
}

/** Calls in order, and the names that share another value's bytes. */
function callKernels(graph: Graph): { calls: CalledNode[]; aliases: Map<ValueName, ValueName> } {
  const calls: CalledNode[] = [];
  const aliases = new Map<ValueName, ValueName>();
  const problems = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => valueOf(graph, name));
    const outputs = node.outputs.map((name) => valueOf(graph, name));
    const call = node.op.kernel?.(node, { inputs, outputs });
    if (call === 'alias')
      aliases.set(node.outputs[0] as ValueName, aliases.get(node.inputs[0] as ValueName) ?? (node.inputs[0] as ValueName));
    else if (call) calls.push({ node, call });
    else
      problems.push({
        node: node.name,
        operator: node.op.name,
        reason: `no kernel for ${inputs.map((value) => `${value.type.dtype} [${value.type.shape}]`).join(', ')}`,
        fix: 'simplify the shapes, or cut the model before this node',
      });
  }
  if (problems.length) throw new UnsupportedModelError(graph.name, problems);
  return { calls, aliases };
}

/** @throws UnsupportedModelError with every node that has no kernel for its types. */
export function planExecution(graph: Graph): ExecutionPlan {
  const { calls, aliases } = callKernels(graph);
  const lifetimes = lifetimesOf(graph, calls, aliases);
  const arena = planArena(lifetimes);
  const tensors: PlannedTensor[] = [];
  const indices = new Map<string, number>();

  const addTensor = (key: string, planned: PlannedTensor): number => {
    const known = indices.get(key);
    if (known !== undefined) return known;
    indices.set(key, tensors.length);
    tensors.push(planned);
    return tensors.length - 1;
  };
  const indexOfValue = (value: Value): number => {
    const root = aliases.get(value.name) ?? value.name;
    const constant = valueOf(graph, root).constant;
    const offset = constant ? 0 : (arena.offsets.get(root) as number);
    return addTensor(root, { name: root, type: value.type, offset, ...(constant && { constant }) });
  };
  const indexOf = (operand: Operand): number => {
    if (typeof operand === 'string') return indexOfValue(valueOf(graph, operand));
    return addTensor(`derived:${operand.name}`, { name: operand.name, type: operand.type, offset: 0, constant: operand.data });
  };

  const steps = calls.map(({ node, call }) => ({
    node: node.name,
    opcode: call.opcode,
    operands: [...call.operands.map(indexOf), indexOfValue(valueOf(graph, node.outputs[0] as ValueName))],
    parameters: call.parameters,
  }));
  const portIndex = (name: ValueName) => indexOfValue(valueOf(graph, name));
  return {
    inputs: graph.inputs.map((port) => portIndex(port.value)),
    outputs: graph.outputs.map((port) => portIndex(port.value)),
    tensors: promiseWeights(tensors, steps),
    steps,
    arenaBytes: arena.bytes,
    arenaLowerBound: arena.lowerBound,
    lifetimes,
  };
}

/** Bytes the tensor occupies. */
export function plannedBytes(planned: PlannedTensor): number {
  return byteLength(planned.type);
}
