// The errors of the wire: one closed table of names and numbers, and the exception that carries one.

/** Every error a client can meet, by its name (`error.data.code`), with its JSON-RPC number and its meaning. */
export const errorTable = {
  PARSE_ERROR: { number: -32700, meaning: 'the message is not JSON' },
  INVALID_REQUEST: { number: -32600, meaning: 'the message is JSON, but no JSON-RPC 2.0 request' },
  MESSAGE_TOO_LARGE: {
    number: -32600,
    meaning: 'the message is over the size limit; the connection is closed',
  },
  METHOD_NOT_FOUND: { number: -32601, meaning: 'there is no such method' },
  VALIDATION_ERROR: { number: -32602, meaning: 'the params do not fit; `details.issues` names every fault' },
  INTERNAL: { number: -32603, meaning: 'a fault of the daemon; its log says more' },
  REQUEST_CANCELLED: { number: -32800, meaning: 'the request was cancelled by `$/cancelRequest`' },
  TEMPLATE_NOT_FOUND: { number: 1001, meaning: 'no template has this id or name' },
  SESSION_NOT_FOUND: { number: 1002, meaning: 'no session has this id or name' },
  EXECUTION_NOT_FOUND: { number: 1003, meaning: 'no execution has this id' },
  FILE_NOT_FOUND: { number: 1004, meaning: 'the file does not exist, or is no regular file' },
  LIBRARY_NOT_FOUND: { number: 1005, meaning: 'no library has this id or name' },
  CHECKPOINT_NOT_FOUND: { number: 1006, meaning: 'the session has no such checkpoint' },
  SESSION_NOT_READY: { number: 2001, meaning: 'the session is starting, crashed or closed' },
  SESSION_BUSY: { number: 2002, meaning: 'the session runs another execution' },
  NAME_TAKEN: { number: 2003, meaning: 'another record of this kind has this name' },
  OVERLOADED: {
    number: 2004,
    meaning:
      'too many live sessions, connections or requests; where `details.reason` is "leaving", the daemon shuts down and did nothing: ask the next one',
  },
  STATE_UNAVAILABLE: { number: 2005, meaning: 'a saved state that this engine cannot restore' },
  LIBRARY_IN_USE: { number: 2006, meaning: 'templates use the library; see `details.templates`' },
  INVALID_PATH: { number: 3001, meaning: 'absolute, with "..", or a link that leaves the worktree' },
  MODULE_NOT_ALLOWED: { number: 3002, meaning: 'a module or global that cannot be granted' },
  INTEGRITY_MISMATCH: { number: 3003, meaning: 'a file is not what its integrity says' },
  LIBRARY_UNAVAILABLE: { number: 3004, meaning: 'the library cannot be fetched, or does not load' },
  STARTUP_FAILED: {
    number: 3005,
    meaning: 'a startup file failed; see `details.sessionId` and `details.error`',
  },
} as const satisfies Record<string, { number: number; meaning: string }>;

export type ErrorCode = keyof typeof errorTable;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorTable, value);

/** One fault in what a client sent: where (a path such as `limits.cpuMs`) and what. */
export interface Issue {
  path: string;
  message: string;
}

/** A request that did not become what it asked for. Thrown by handlers, and by the client for an error reply. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}

/** The `error` member of a JSON-RPC reply. */
export interface ErrorObject {
  code: number;
  message: string;
  data: { code: ErrorCode; details?: Record<string, unknown> };
}

export function toErrorObject(error: RpcError): ErrorObject {
  return {
    code: errorTable[error.code].number,
    message: error.message,
    data: error.details === undefined ? { code: error.code } : { code: error.code, details: error.details },
  };
}
