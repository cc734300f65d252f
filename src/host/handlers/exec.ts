// `exec.*`: a call on the wire to an execution of the runtime, with its events on the way if they are wanted.
import { RpcError } from '../../rpc/errors.js';
import type { Call, Handlers } from '../../rpc/server.js';
import type { Execution, ExecutionId, SessionId } from '../../records/index.js';
import type { CallHooks } from '../../runtime/types.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `exec.${string}`>;

interface CallOptions {
  stream?: boolean | undefined;
  onDisconnect?: 'continue' | 'cancel' | undefined;
}

export const execHandlers = (context: HandlerContext): Pick<Handlers, Group> => {
  const { executions } = context.runtime;
  return {
    'exec.repl': ({ stream, onDisconnect, ...input }, call) =>
      run(context, call, { stream, onDisconnect }, (hooks) => executions.repl(input, hooks)),
    'exec.runFile': ({ stream, onDisconnect, ...input }, call) =>
      run(context, call, { stream, onDisconnect }, (hooks) => executions.runFile(input, hooks)),
    'exec.get': ({ execution }) => executions.get(execution),
    'exec.list': (params) => executions.list(params),
    'exec.events': ({ execution, ...range }) => executions.events(execution, range),
    'exec.cancel': ({ execution }) => ({ cancelled: executions.cancel(execution) }),
  };
};

/**
 * Runs one call. A cancelled request is answered REQUEST_CANCELLED, with the execution's id where it had started:
 * `exec.get` says how that ended.
 */
async function run(
  { delivery, log }: HandlerContext,
  call: Call,
  { stream = false, onDisconnect }: CallOptions,
  start: (hooks: CallHooks) => Promise<Execution>,
): Promise<Execution> {
  const { connection } = call;
  let started: { executionId: ExecutionId; sessionId: SessionId } | undefined;
  const cancel =
    onDisconnect === 'cancel'
      ? firstOf(call.signal, connection.closed)
      : { signal: call.signal, unlink: nothing };
  try {
    const execution = await start({
      signal: cancel.signal,
      onStart: (executionId, sessionId) => {
        started = { executionId, sessionId };
        if (stream) delivery.beginStream(connection, executionId);
      },
      onEvent: stream
        ? (event) => {
            if (started !== undefined) connection.notify('exec.event', { ...started, event });
          }
        : undefined,
    });
    log.debug('execution', {
      connection: connection.id,
      requestId: call.requestId,
      sessionId: execution.sessionId,
      executionId: execution.id,
      status: execution.status,
      ms: execution.durationMs,
    });
    if (call.signal.aborted) {
      throw new RpcError('REQUEST_CANCELLED', `the request was cancelled; see execution ${execution.id}`, {
        details: { executionId: execution.id },
      });
    }
    return execution;
  } finally {
    cancel.unlink();
    if (stream && started !== undefined) delivery.endStream(connection, started.executionId);
  }
}

/** A signal that aborts with the first of two. `unlink` when done: the connection's lives on. */
function firstOf(...sources: readonly AbortSignal[]): { signal: AbortSignal; unlink: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const source of sources) {
    if (source.aborted) abort();
    source.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    unlink: () => {
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
}

const nothing = (): void => {};
