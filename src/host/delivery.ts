// What happens in the runtime and the library cache to notifications for whoever subscribed. An event reaches a
// connection once at most: two of its subscriptions that match make one notification, and while a call streams an
// execution to the connection its subscriptions leave that execution out.
import type { ExecutionId, SessionId } from '../records/index.js';
import { RpcError } from '../rpc/errors.js';
import type { NotificationParams, Topic } from '../rpc/methods/events.js';
import type { ConnectionHandle } from '../rpc/server.js';
import type { RuntimeEvent } from '../runtime/types.js';

export interface Interest {
  topics: ReadonlySet<Topic>;
  /** Only of this session. */
  sessionId?: SessionId | undefined;
}

/** What happened in the library cache. */
export type LibraryEvent = { kind: 'library_changed' } & NotificationParams<'lib.changed'>;

export interface Delivery {
  /** Throws OVERLOADED past the bound. Ends with the connection. */
  subscribe(connection: ConnectionHandle, subscription: string, interest: Interest): void;
  /** Of a subscription that is not this connection's, nothing happens. */
  unsubscribe(connection: ConnectionHandle, subscription: string): void;
  /** From now on a call sends this execution's events to the connection itself. */
  beginStream(connection: ConnectionHandle, execution: ExecutionId): void;
  endStream(connection: ConnectionHandle, execution: ExecutionId): void;
  /** Sends one event to everybody who wants it. */
  publish(event: RuntimeEvent | LibraryEvent): void;
}

/** An editor has one or two; a client that leaks them is stopped before every event costs it noticeable time. */
export const maxSubscriptionsPerConnection = 64;

interface Listener {
  connection: ConnectionHandle;
  interests: Map<string, Interest>;
  streamed: Set<ExecutionId>;
}

export function createDelivery(): Delivery {
  const listeners = new Map<number, Listener>();

  /** A listener is kept while it has something to say: entries are bounded by the connections there are. */
  const listenerOf = (connection: ConnectionHandle): Listener => {
    const known = listeners.get(connection.id);
    if (known !== undefined) return known;
    const listener: Listener = { connection, interests: new Map(), streamed: new Set() };
    if (connection.closed.aborted) return listener;
    listeners.set(connection.id, listener);
    connection.closed.addEventListener('abort', () => listeners.delete(connection.id), { once: true });
    return listener;
  };

  return {
    subscribe: (connection, subscription, interest) => {
      const { interests } = listenerOf(connection);
      if (interests.size >= maxSubscriptionsPerConnection) {
        throw new RpcError(
          'OVERLOADED',
          `this connection has ${interests.size} subscriptions, the most there may be; end one with events.unsubscribe`,
        );
      }
      interests.set(subscription, interest);
    },
    unsubscribe: (connection, subscription) => {
      listeners.get(connection.id)?.interests.delete(subscription);
    },
    beginStream: (connection, execution) => {
      listenerOf(connection).streamed.add(execution);
    },
    endStream: (connection, execution) => {
      listeners.get(connection.id)?.streamed.delete(execution);
    },
    publish: (event) => {
      for (const { connection, interests, streamed } of listeners.values()) {
        if (interests.size === 0) continue;
        switch (event.kind) {
          case 'execution_event': {
            const { executionId, sessionId } = event;
            if (!streamed.has(executionId) && wanted(interests, 'execution', sessionId)) {
              connection.notify('exec.event', { executionId, sessionId, event: event.event });
            }
            break;
          }
          case 'session_changed':
            if (wanted(interests, 'session', event.session.id)) {
              connection.notify('session.changed', { session: event.session });
            }
            break;
          case 'library_changed': {
            const { kind: _, ...params } = event;
            if (wanted(interests, 'library', undefined)) connection.notify('lib.changed', params);
            break;
          }
          case 'session_deleted':
            break; // the wire has no word for it: a deleted session is one that is no longer found
        }
      }
    },
  };
}

/** `sessionId` is undefined for what concerns no session: who wants only those of one is told even so. */
function wanted(
  interests: ReadonlyMap<string, Interest>,
  topic: Topic,
  sessionId: SessionId | undefined,
): boolean {
  for (const interest of interests.values()) {
    if (!interest.topics.has(topic)) continue;
    if (interest.sessionId === undefined || sessionId === undefined || interest.sessionId === sessionId)
      return true;
  }
  return false;
}
