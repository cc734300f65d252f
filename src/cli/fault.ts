// What can go wrong in the CLI, and what happened in an execution, to the exit status of the process.
import type { ExecutionStatus } from '../records/index.js';
import { ConnectionError } from '../rpc/client.js';
import { RpcError, type ErrorCode } from '../rpc/errors.js';

export const exitStatus = {
  ok: 0,
  threw: 1,
  usage: 2,
  notFound: 3,
  noDaemon: 4,
  otherError: 5,
  timeout: 124,
  cancelled: 130,
} as const;

/** The command line was wrong. `usage` is the line that shows how it would be right, where it is known. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault';
  readonly usage: string | undefined;

  constructor(message: string, usage?: string) {
    super(message);
    this.usage = usage;
  }
}

/** No daemon answers, and none could be started. */
export class NoDaemon extends Error {
  override readonly name = 'NoDaemon';
}

/** The exit status after an execution that the daemon answered with. */
export function statusOfExecution(status: ExecutionStatus): number {
  switch (status) {
    case 'running':
    case 'ok':
      return exitStatus.ok;
    case 'error':
      return exitStatus.threw;
    case 'timeout':
    case 'limit_exceeded':
      return exitStatus.timeout;
    case 'cancelled':
      return exitStatus.cancelled;
    case 'crashed':
    case 'interrupted':
      return exitStatus.otherError;
  }
}

/** The exit status after an error that ended the command. */
export function statusOfError(error: unknown): number {
  if (error instanceof UsageFault) return exitStatus.usage;
  if (error instanceof NoDaemon || error instanceof ConnectionError) return exitStatus.noDaemon;
  if (error instanceof RpcError) return statusOfCode(error.code);
  return isAbort(error) ? exitStatus.cancelled : exitStatus.otherError;
}

/** Whether nobody listens there, as against somebody with whom we may not talk. */
export const isAbsence = (error: unknown): boolean =>
  error instanceof ConnectionError && (error.kind === 'missing' || error.kind === 'refused');

/** Whether it is what an aborted wait rejects with. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

function statusOfCode(code: ErrorCode): number {
  if (code === 'VALIDATION_ERROR') return exitStatus.usage;
  if (code === 'REQUEST_CANCELLED') return exitStatus.cancelled;
  return code.endsWith('_NOT_FOUND') && code !== 'METHOD_NOT_FOUND'
    ? exitStatus.notFound
    : exitStatus.otherError;
}
