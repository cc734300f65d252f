// The one way out, whoever asks for it (a signal, an idle daemon, a client, an upgrade): nobody new is let in, clients
// are asked to leave and served until they have, what runs ends or is cancelled, everything is stored.
import type { RpcServer } from '../rpc/server.js';
import type { Runtime } from '../runtime/types.js';
import type { Libraries } from './libraries.js';
import type { Listener } from './listen.js';
import type { Notifier } from './notifier.js';
import type { Ownership } from './ownership.js';

export interface ShutdownParts {
  listener: Listener;
  server: RpcServer;
  runtime: Runtime;
  libraries: Pick<Libraries, 'close'>;
  ownership: Ownership;
  notifier: Notifier;
}

/** A client that was asked to leave does so within milliseconds; one that is quiet for so long does not know the word. */
const quietMs = 1000;
/** Beyond the grace, so that what was cancelled at its end can still be answered. */
const replyMarginMs = 1000;

/**
 * Drains and closes; rejects with an AggregateError when a part could not be closed. Calls that come while clients
 * leave are run like any others: nothing is refused before `graceMs` are over.
 */
export async function shutDown(parts: ShutdownParts, graceMs: number): Promise<void> {
  const { listener, server, runtime, libraries, ownership, notifier } = parts;
  const deadline = performance.now() + graceMs;
  ownership.markStopping();
  notifier.stopping();
  listener.close();
  const end = async () => {
    await server.drain({ quietMs: Math.min(quietMs, graceMs), deadlineMs: graceMs });
    const leftMs = Math.max(0, deadline - performance.now());
    return Promise.allSettled([
      server.close(leftMs + replyMarginMs),
      runtime.close({ graceMs: leftMs }),
      libraries.close(),
    ]);
  };
  const outcomes = await notifier.patienceFor(end());
  notifier.close();
  ownership.release();
  const faults = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  );
  if (faults.length > 0) throw new AggregateError(faults, 'the daemon could not close all its parts');
}
