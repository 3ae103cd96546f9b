/** The one place that turns an error into an exit code and words. */
import { CommanderError } from 'commander';
import { type Problem, UnsupportedModelError, WhittleError } from '../errors.ts';

export interface Failure {
  /** Stable, for programs. */
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly problems?: readonly Problem[];
  /** Present for bugs of whittle. */
  readonly stack?: string;
}

const EXIT_INTERNAL = 1;
const EXIT_USAGE = 2;
const EXIT_FILE = 8;

const reportPlease = 'this is a bug of whittle: please report it with the model and the command (-v prints where it happened)';

/** Errors of the file system have a code such as ENOSPC and the call that failed. */
function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function internal(error: Error): Failure {
  return {
    code: error instanceof WhittleError ? error.code : 'internal',
    exitCode: EXIT_INTERNAL,
    message: `${error.message}; ${reportPlease}`,
    ...(error.stack && { stack: error.stack }),
  };
}

/** Exit codes: 1 internal, 2 usage, 3 unsupported, 4 does not fit, 5 gate, 6 and 7 device, 8 file. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { code: 'usage', exitCode: EXIT_USAGE, message: error.message.replace(/^error: /, '') };
  if (error instanceof UnsupportedModelError)
    return { code: error.code, exitCode: error.exitCode, message: error.message, problems: error.problems };
  if (error instanceof WhittleError && error.exitCode !== EXIT_INTERNAL)
    return { code: error.code, exitCode: error.exitCode, message: error.message };
  if (isFileSystemError(error)) return { code: 'file', exitCode: EXIT_FILE, message: error.message };
  return internal(error instanceof Error ? error : new Error(String(error)));
}
