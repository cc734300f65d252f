// A call or a connection that failed to whether, and after what pause, it is tried again.
import type { EndReason, Unanswered } from './client-connection.js';
import { codeOf, ConnectionError } from './connection-error.js';
import { RpcError } from './errors.js';
import { isMethodName, methods } from './methods/index.js';
import { NotJsonRpcError } from './response.js';

/** A daemon restarts in a quarter of a second; where systemd listens, connections wait in its queue meanwhile. */
export const reconnectMs = 2000;
/** A call that loses its connection so often meets a daemon that does not stay. */
export const maxAttempts = 8;
const firstPauseMs = 10;
const longestPauseMs = 250;

/** Before attempt number `attempt`, from 2 on. */
export const pauseBefore = (attempt: number): number =>
  Math.min(firstPauseMs * 2 ** (attempt - 2), longestPauseMs);

/**
 * Whether the call may be sent again: where the daemon cannot have read it, or where running it twice is the same as
 * once. `exec.repl` that was sent is neither: what it did is unknown.
 */
export const mayRepeat = (method: string, { reason, wasSent }: Unanswered): boolean =>
  !isFinal(reason) && (!wasSent || isIdempotent(method));

/** Whether the daemon refused a call, of which nothing was done, because it is on its way out. */
export const isLeaving = (error: unknown): error is RpcError =>
  error instanceof RpcError && error.code === 'OVERLOADED' && error.details?.['reason'] === 'leaving';

/** Whether another connection would end as this one did: the daemon complained, or it is none. */
export const isFinal = (reason: EndReason): boolean =>
  reason instanceof RpcError || reason.cause instanceof NotJsonRpcError;

const isIdempotent = (method: string): boolean =>
  isMethodName(method) && 'idempotent' in methods[method] && methods[method].idempotent === true;

/** Whether connecting may succeed in a moment: the queue is full, or one daemon went and the next is not there yet. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ConnectionError)) return false;
  return error.kind === 'missing' || codeOf(error.cause) === 'ECONNREFUSED' || isQueueFull(error);
}

/** More clients connect than the daemon accepts at this moment. */
export const isQueueFull = (error: unknown): boolean =>
  error instanceof ConnectionError && codeOf(error.cause) === 'EAGAIN';
