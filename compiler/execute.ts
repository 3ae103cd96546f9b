/** Runs a graph on the runtime through the same plan, arena and kernels that a packed model uses: the compiler's one executor. */
import { Engine } from './engine.ts';
import { byteLength, type Graph, type Tensor, type TypedArray, typedView, valueOf } from './graph.ts';
import { writePackedModel } from './packed/write.ts';
import { type ExecutionPlan, planExecution, plannedBytes } from './plan/plan.ts';
import { fullRuntime, type Variant } from './root.ts';

/** Called after each step with its output; the view is valid during the call only. */
export type StepObserver = (name: string, data: TypedArray) => void;

export class Executor {
  private constructor(
    private readonly graph: Graph,
    private readonly engine: Engine,
    private readonly plan: ExecutionPlan,
  ) {}

  /**
   * @param runtime a build with every kernel
   * @throws UnsupportedModelError when a node has no kernel.
   */
  static async create(graph: Graph, runtime: Variant | WebAssembly.Module = 'simd'): Promise<Executor> {
    const plan = planExecution(graph);
    const bytes = writePackedModel(plan, { name: graph.name, inputs: [], outputs: [], steps: [] });
    const wasm = runtime instanceof WebAssembly.Module ? runtime : await fullRuntime(runtime);
    return new Executor(graph, await Engine.create(wasm, bytes), plan);
  }

  /**
   * @param inputs one array per graph input, in the values' own shapes and dtypes.
   * @returns copies of the outputs, in the order of the graph's ports.
   */
  run(inputs: readonly ArrayLike<number>[], observe?: StepObserver): Tensor[] {
    this.graph.inputs.forEach((port, i) => {
      const { type } = valueOf(this.graph, port.value);
      typedView(this.engine.input(i, byteLength(type)), type.dtype).set(inputs[i] as ArrayLike<number>);
    });
    if (observe) this.runObserved(observe);
    else this.engine.run();
    return this.graph.outputs.map((port, i) => {
      const { type } = valueOf(this.graph, port.value);
      return { type, data: typedView(this.engine.output(i, byteLength(type)), type.dtype).slice() };
    });
  }

  private runObserved(observe: StepObserver): void {
    this.plan.steps.forEach(({ operands }, i) => {
      this.engine.runSteps(i, i + 1);
      const index = operands.at(-1) as number;
      const planned = this.plan.tensors[index] as ExecutionPlan['tensors'][number];
      observe(planned.name, typedView(this.engine.tensor(index, plannedBytes(planned)), planned.type.dtype));
    });
  }
}
