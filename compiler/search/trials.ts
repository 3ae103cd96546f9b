/** The plans that a search has measured: each once, the best of them, and the time that is left. */
import type { CompiledModel } from '../compile.ts';
import { DeviceError, InputFileError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { type RecipeFrame, recipeText } from './decisions.ts';
import { type Goal, isBetter } from './goal.ts';
import type { Fidelity, Laboratory, Measured } from './laboratory.ts';
import type { Plan } from './predictor.ts';
import type { SearchState } from './state.ts';

export interface Candidate {
  readonly plan: Plan;
  readonly recipe: string;
  readonly measured: Measured;
  /** The series whose one strength, everywhere, this is: `k-means-codebook`; absent: several methods or strengths. */
  readonly single?: string;
}

export interface TrialOptions {
  readonly goal: Goal;
  readonly graph: Graph;
  readonly frame: RecipeFrame;
  readonly laboratory: Laboratory;
  readonly state: SearchState;
  readonly seconds: number;
  /** An option that could not be measured. */
  readonly onFailure?: (text: string) => void;
  /** A plan that is better than all before; `compiled` when it was not measured in an earlier call. */
  readonly onBest?: (candidate: Candidate, compiled: CompiledModel | undefined) => void;
}

/** Runs trials, or remembers them; counts the time. */
export class Trials {
  private readonly start = performance.now();
  /** Everything that was measured on all validation samples. */
  readonly candidates: Candidate[] = [];
  /** Recipes that could not be run. */
  private readonly failed = new Set<string>();
  best: Candidate | undefined;

  constructor(private readonly options: TrialOptions) {}

  /** @param share of the time that may be used */
  isOver(share = 1): boolean {
    return (performance.now() - this.start) / 1000 > share * this.options.seconds;
  }

  private recipeOf(plan: Plan): string {
    const { graph, frame } = this.options;
    return recipeText(graph, [...plan.values()], frame, 'found by whittle search');
  }

  /**
   * @returns undefined when a method cannot do this here: that says something of the option, not of the search
   * @throws when not even the model without options can be measured
   */
  async measure(plan: Plan, fidelity: Fidelity, single?: string): Promise<Measured | undefined> {
    const { state, onFailure } = this.options;
    const recipe = this.recipeOf(plan);
    if (this.failed.has(recipe)) return undefined;
    const known = state.find(recipe, fidelity);
    try {
      const run = known ? { measured: known, compiled: undefined } : await this.options.laboratory.run(recipe, fidelity);
      if (!known) state.record(recipe, fidelity, run.measured);
      if (fidelity === 'full') this.keep({ plan, recipe, measured: run.measured, ...(single !== undefined && { single }) }, run.compiled);
      return run.measured;
    } catch (error) {
      if (plan.size === 0 || !(error instanceof Error) || error instanceof DeviceError || error instanceof InputFileError) throw error;
      this.failed.add(recipe);
      onFailure?.(`left out: ${[...plan.values()].map(({ name }) => name).join('; ')}: ${error.message}`);
      return undefined;
    }
  }

  /** Whether the plan was measured as a whole, or cannot be. */
  isKnown(plan: Plan): boolean {
    const recipe = this.recipeOf(plan);
    return this.failed.has(recipe) || this.candidates.some((candidate) => candidate.recipe === recipe);
  }

  private keep(candidate: Candidate, compiled: CompiledModel | undefined): void {
    const { goal, onBest } = this.options;
    if (this.candidates.some(({ recipe }) => recipe === candidate.recipe)) return;
    this.candidates.push(candidate);
    if (this.best && !isBetter(goal, candidate.measured, this.best.measured)) return;
    this.best = candidate;
    onBest?.(candidate, compiled);
  }
}
