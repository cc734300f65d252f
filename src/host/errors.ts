// Why the daemon cannot start: one error class, and the exit status that each kind means.

export type StartErrorCode =
  /** A flag, a variable or the config file is wrong: exit status 2, nothing was started. */
  | 'USAGE'
  /** A folder, a socket or a database cannot be used, or another daemon has it: exit status 1. */
  | 'UNAVAILABLE';

/** Thrown while the daemon starts, with a message for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }

  /** What the process exits with. */
  get exitStatus(): 1 | 2 {
    return this.code === 'USAGE' ? 2 : 1;
  }
}

/** The `code` of an error of the system (`ENOENT`, `EACCES`, …), where it is one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
