/** Errors that a user can act on: where, what, expected and actual, what to do. Exit codes are those of README.md. */

export class WhittleError extends Error {
  constructor(
    readonly code: string,
    readonly exitCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    // Not the class's own name: minified bundles rename classes.
    this.name = 'WhittleError';
  }
}

/** Wrong arguments or configuration. */
export class UsageError extends WhittleError {
  constructor(message: string) {
    super('usage', 2, message);
  }
}

/** One reason why a model cannot be compiled. */
export interface Problem {
  /** Name of the ONNX node (or of its first output when it has none). */
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
  readonly fix: string;
}

/** The user's model uses something that is not supported; holds every problem of the model. */
export class UnsupportedModelError extends WhittleError {
  constructor(
    readonly model: string,
    readonly problems: readonly Problem[],
  ) {
    const lines = problems.map((p) => `  ${p.operator} "${p.node}": ${p.reason}; ${p.fix}`);
    super('unsupported-model', 3, `${model} cannot be compiled, ${problems.length} reason(s):\n${lines.join('\n')}`);
  }
}

/** An invariant of the graph broke: a bug of whittle, not of the user's model. */
export class InvalidGraphError extends WhittleError {
  constructor(message: string) {
    super('invalid-graph', 1, message);
  }
}

/** The model does not fit: needed and available bytes. */
export class BudgetError extends WhittleError {
  constructor(message: string) {
    super('budget', 4, message);
  }
}

/** What was asked to hold does not: accuracy, size, equal bytes. */
export class GateError extends WhittleError {
  constructor(message: string) {
    super('gate', 5, message);
  }
}

/** A device is missing, busy or forbidden (6), or its protocol failed (7). */
export class DeviceError extends WhittleError {
  constructor(message: string, exitCode: 6 | 7 = 6) {
    super('device', exitCode, message);
  }
}

/** A file cannot be read, or is not what it should be. */
export class InputFileError extends WhittleError {
  constructor(message: string, options?: ErrorOptions) {
    super('input-file', 8, message, options);
  }
}

/** A packed model is damaged, or was made by another version. */
export class InvalidPackedModelError extends WhittleError {
  constructor(message: string, options?: ErrorOptions) {
    super('invalid-packed-model', 8, message, options);
  }
}
