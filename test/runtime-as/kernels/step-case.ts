/** One-step packed models with any parameter words and a correct CRC: what the checks must refuse or the kernels must survive. */
import { Engine } from '../../../compiler/engine.ts';
import { InvalidPackedModelError } from '../../../compiler/errors.ts';
import { byteLength, type TensorType, type TypedArray } from '../../../compiler/graph.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import type { PlannedTensor } from '../../../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../../../compiler/root.ts';

/** Compiled once: a fuzz loads hundreds of models. */
const runtimes = new Map<Variant, Promise<WebAssembly.Module>>();

function runtimeOf(variant: Variant): Promise<WebAssembly.Module> {
  const runtime = runtimes.get(variant) ?? fullRuntime(variant);
  runtimes.set(variant, runtime);
  return runtime;
}

export interface StepCase {
  readonly opcode: number;
  /** Operands without the output; those without data are inputs of the model. */
  readonly operands: readonly { readonly type: TensorType; readonly constant?: TypedArray }[];
  readonly output: TensorType;
  readonly parameters: readonly number[];
}

/** The engine with this one step; undefined when the runtime refuses the model. */
export async function loadStep({ opcode, operands, output, parameters }: StepCase, variant: Variant): Promise<Engine | undefined> {
  let offset = 0;
  const place = (type: TensorType) => {
    const at = offset;
    offset += Math.ceil(byteLength(type) / 16) * 16;
    return at;
  };
  const tensors: PlannedTensor[] = operands.map(({ type, constant }, i) =>
    constant ? { name: `x${i}`, type, constant, offset: 0 } : { name: `x${i}`, type, offset: place(type) },
  );
  tensors.push({ name: 'y', type: output, offset: place(output) });
  const model = writePackedModel(
    {
      tensors,
      steps: [{ node: 'step', opcode, operands: tensors.map((_, i) => i), parameters }],
      inputs: tensors.flatMap((tensor, i) => (tensor.constant || i === operands.length ? [] : [i])),
      outputs: [operands.length],
      arenaBytes: offset,
      arenaLowerBound: offset,
      lifetimes: [],
    },
    { name: 'step', inputs: [], outputs: [], steps: [] },
  );
  try {
    return await Engine.create(await runtimeOf(variant), model);
  } catch (error) {
    if (error instanceof InvalidPackedModelError) return undefined;
    throw error;
  }
}

/** Uniform integers in [low, high] from a seed (xorshift32). */
export function randomIntegers(seed: number): (low: number, high: number) => number {
  let state = (seed * 2654435761) | 1;
  return (low, high) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) % (high - low + 1));
  };
}

const hostileWords = [0, 1, 2, 3, 4, 7, 16, 255, 4096, 0x7fffffff, 0x40000000, -1, -2, -4, -0x80000000, -0x7fffffff];

/**
 * Loads `rounds` damaged copies of the step (one to three parameter words changed); each is refused or runs without a trap.
 * @returns how many were refused: 0 would mean that nothing is checked.
 */
export async function damageParameters(valid: StepCase, rounds: number, variant: Variant): Promise<number> {
  const random = randomIntegers(rounds);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const parameters = [...valid.parameters];
    for (let change = random(1, 3); change > 0; change--) {
      const at = random(0, parameters.length - 1);
      const near = (parameters[at] as number) + random(-3, 3);
      parameters[at] = random(0, 1) ? near : (hostileWords[random(0, hostileWords.length - 1)] as number);
    }
    const engine = await loadStep({ ...valid, parameters }, variant);
    if (engine) engine.run();
    else refused++;
  }
  return refused;
}
