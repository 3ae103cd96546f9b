/**
 * How an operator is run and differentiated on a batch of samples. One operator is one file in this folder and one line in
 * `rules.ts`.
 */
import { elementCount, type Graph, type Node, type ValueName, valueOf } from '../graph.ts';
import type { Numbers, TrainingMemory } from './memory.ts';

/** What a rule sees of the values of its node: activations hold a whole batch, sample after sample, constants one copy. */
export interface StepScope {
  readonly graph: Graph;
  readonly batch: number;
  readonly memory: TrainingMemory;
  value(name: ValueName): Numbers;
  /** Where gradients with respect to the value are summed up; undefined when nobody asks for them. */
  gradient(name: ValueName): Numbers | undefined;
}

export interface Step {
  /** Computes the output from the inputs. */
  forward(): void;
  /** Adds to the gradients of the inputs what follows from that of the output, which it may overwrite. */
  backward(): void;
}

/** A node that is not differentiated, for those who can leave it alone. */
export class MissingGradientError extends Error {
  override readonly name = 'MissingGradientError';

  constructor({ op, name }: Node) {
    super(`${op.name} "${name}" has no gradient`);
  }
}

/** @returns undefined where there is no gradient for these attributes. */
export type GradientRule = (node: Node, scope: StepScope) => Step | undefined;

/** The one output of a node and its gradient. */
export function outputOf({ outputs }: Node, scope: StepScope): { name: ValueName; y: Numbers; dy: Numbers } {
  const name = outputs[0] as ValueName;
  return { name, y: scope.value(name), dy: scope.gradient(name) as Numbers };
}

/** Numbers per sample. */
export function sizeOf(graph: Graph, name: ValueName): number {
  return elementCount(valueOf(graph, name).type.shape);
}
