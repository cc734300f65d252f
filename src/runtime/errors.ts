// What the runtime refuses to do: one error class with a closed set of codes, the same names as on the wire.

export type RuntimeErrorCode =
  | 'VALIDATION_ERROR'
  | 'TEMPLATE_NOT_FOUND'
  | 'SESSION_NOT_FOUND'
  | 'EXECUTION_NOT_FOUND'
  | 'FILE_NOT_FOUND'
  | 'LIBRARY_NOT_FOUND'
  | 'LIBRARY_UNAVAILABLE'
  | 'INTEGRITY_MISMATCH'
  | 'CHECKPOINT_NOT_FOUND'
  | 'SESSION_NOT_READY'
  | 'SESSION_BUSY'
  | 'NAME_TAKEN'
  | 'OVERLOADED'
  | 'STATE_UNAVAILABLE'
  | 'REQUEST_CANCELLED'
  | 'INVALID_PATH'
  | 'MODULE_NOT_ALLOWED'
  | 'STARTUP_FAILED';

/** Thrown for a request that does not become what it asked for. What a script does wrong is never thrown. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: RuntimeErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}
