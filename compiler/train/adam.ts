/** Adam (Kingma, Ba, ICLR 2015) with bias correction. */

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

/** The state of one array of parameters. */
export class Adam {
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private steps = 0;

  constructor(size: number) {
    this.first = new Float64Array(size);
    this.second = new Float64Array(size);
  }

  /** Moves each parameter against its gradient, by about `rates` of it. */
  step(parameters: Float32Array, gradients: Float32Array, rates: ArrayLike<number>, factor: number): void {
    this.steps++;
    const [firstScale, secondScale] = [1 / (1 - FIRST_DECAY ** this.steps), 1 / (1 - SECOND_DECAY ** this.steps)];
    const { first, second } = this;
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i] as number;
      const mean = (first[i] = FIRST_DECAY * (first[i] as number) + (1 - FIRST_DECAY) * gradient);
      const square = (second[i] = SECOND_DECAY * (second[i] as number) + (1 - SECOND_DECAY) * gradient * gradient);
      const move = (mean * firstScale) / (Math.sqrt(square * secondScale) + EPSILON);
      parameters[i] = (parameters[i] as number) - factor * (rates[i] as number) * move;
    }
  }
}
