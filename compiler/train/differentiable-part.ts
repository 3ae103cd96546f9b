/** A part of a graph that runs on batches and knows the gradients of its constants: reverse mode, node by node. */
import { type Graph, type Node, type ValueName, valueOf } from '../graph.ts';
import { type GradientRule, MissingGradientError, type Step, sizeOf } from './gradient-rule.ts';
import { type Numbers, TrainingMemory } from './memory.ts';
import { gradientRules } from './rules.ts';

export interface PartOptions {
  /** In execution order; what they read and nobody of them computes are the inputs and constants of the part. */
  readonly nodes: readonly Node[];
  /** Constants whose gradients are wanted. */
  readonly parameters: readonly ValueName[];
  /** Samples per batch. */
  readonly batch: number;
}

export class DifferentiablePart {
  private readonly memory = new TrainingMemory();
  private readonly values = new Map<ValueName, Numbers>();
  private readonly gradients = new Map<ValueName, Numbers>();
  private readonly steps: Step[] = [];

  /** @throws MissingGradientError */
  constructor(graph: Graph, { nodes, parameters, batch }: PartOptions) {
    for (const name of new Set(nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]))) {
      const { constant } = valueOf(graph, name);
      this.values.set(name, this.memory.floats(constant ?? batch * sizeOf(graph, name)));
    }
    const wanted = [...parameters, ...nodes.flatMap(({ outputs }) => outputs)];
    for (const name of wanted) this.gradients.set(name, this.memory.floats(this.value(name).length));
    const scope = {
      graph,
      batch,
      memory: this.memory,
      value: (name: ValueName) => this.value(name),
      gradient: (name: ValueName) => this.gradients.get(name),
    };
    for (const node of nodes) {
      const step = (gradientRules.get(node.op) as GradientRule | undefined)?.(node, scope);
      if (!step) throw new MissingGradientError(node);
      this.steps.push(step);
    }
  }

  /** The batch of an activation, sample after sample, or a constant; written to by whoever feeds and trains the part. */
  value(name: ValueName): Numbers {
    return this.values.get(name) as Numbers;
  }

  /** Of a parameter or of a computed value. */
  gradient(name: ValueName): Numbers {
    return this.gradients.get(name) as Numbers;
  }

  /** Computes all values from the inputs, and forgets the gradients of the batch before. */
  forward(): void {
    for (const { data } of this.gradients.values()) data.fill(0);
    for (const step of this.steps) step.forward();
  }

  /** Computes all gradients from those of the outputs, which the caller has written. */
  backward(): void {
    for (const step of this.steps.toReversed()) step.backward();
  }
}
