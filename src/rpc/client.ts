// Method names and params become requests, and replies become results or exceptions, on one connection after another:
// where the daemon leaves or is gone, the next call finds the next one. Every call settles: with its result, an
// `RpcError` of the daemon, or a `ConnectionError` where it got no answer and may not be repeated.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientConnection, openSocket, Unanswered, type EndReason } from './client-connection.js';
import { ConnectionError, connectionLost } from './connection-error.js';
import { RpcError } from './errors.js';
import type { MethodName, MethodParams, MethodResult } from './methods/index.js';
import {
  isFinal,
  isLeaving,
  isPassing,
  isQueueFull,
  maxAttempts,
  mayRepeat,
  pauseBefore,
  reconnectMs,
} from './retry.js';
import { Subscriptions } from './subscriptions.js';

export { ConnectionError, type ConnectionErrorKind } from './connection-error.js';
export { RpcError, type ErrorCode } from './errors.js';
export type { MethodName, MethodParams, MethodResult } from './methods/index.js';

export interface ConnectOptions {
  /** Gives up connecting; later it has no effect. */
  readonly signal?: AbortSignal;
  /** A longer reply ends the connection. */
  readonly maxMessageBytes?: number;
}

export interface CallOptions {
  /** Asks the daemon to cancel; the call then rejects with `REQUEST_CANCELLED` once the daemon has done so. */
  readonly signal?: AbortSignal;
}

/**
 * A client of the daemon. It outlives its connection: when the daemon asks to leave (`$/goaway`) calls in flight are
 * still answered, and new ones go to the daemon that comes next. A connection that is lost is made again by the next
 * call. Calls that the daemon cannot have read or did not begin because it leaves, and those that are idempotent, are
 * repeated; others reject.
 */
export interface Client {
  call<Name extends MethodName>(
    name: Name,
    params: MethodParams<Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Name>>;
  /** Calls a method that this client need not know; the daemon says what is wrong with it. */
  callRaw(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /** Listens to what the daemon says unasked; answers how to stop. */
  onNotification(listener: NotificationListener): () => void;
  /**
   * Is told when another connection has taken the place of one, and all subscriptions are renewed on it. What happened
   * in between was not told: read it again where it matters.
   */
  onReconnect(listener: () => void): () => void;
  /**
   * Resolves when this client is of no more use: it was closed, or a connection could not be made again within two
   * seconds. With subscriptions it is made again at once when it is lost, else by the next call.
   */
  readonly closed: Promise<void>;
  /** Ends it; calls that are not answered yet reject with a `ConnectionError`. */
  close(): Promise<void>;
}

export type NotificationListener = (name: string, params: unknown) => void;

/** 256 MiB: the largest output that a template may allow, twice and escaped. A reply beyond it is no daemon's. */
const defaultMaxReplyBytes = 256 * 1024 * 1024;

/** Connects to the daemon; rejects with a `ConnectionError`, or with the reason of `signal`. */
export async function connect(socketPath: string, options: ConnectOptions = {}): Promise<Client> {
  const client = new ReconnectingClient(socketPath, options.maxMessageBytes ?? defaultMaxReplyBytes);
  await client.open(options.signal);
  return client;
}

class ReconnectingClient implements Client {
  readonly closed: Promise<void>;
  readonly #socketPath: string;
  readonly #maxMessageBytes: number;
  readonly #subscriptions = new Subscriptions();
  readonly #listeners = new Set<NotificationListener>();
  readonly #reconnectListeners = new Set<() => void>();
  /** Those that are not closed: the current one, and those that the daemon asked to leave. */
  readonly #connections = new Set<ClientConnection>();
  /** Where new calls go. */
  #current: ClientConnection | undefined;
  #opening: Promise<ClientConnection> | undefined;
  /** Why no call can be made any more. */
  #over: EndReason | undefined;
  #resolveClosed: () => void = () => {};

  constructor(socketPath: string, maxMessageBytes: number) {
    this.#socketPath = socketPath;
    this.#maxMessageBytes = maxMessageBytes;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  /** Makes the first connection. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    this.#use(await openPatiently(this.#socketPath, isQueueFull, signal));
  }

  async call<Name extends MethodName>(
    name: Name,
    params: MethodParams<Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Name>> {
    // The daemon makes its replies from the same table, and its tests check them against it.
    return (await this.callRaw(name, params, options)) as MethodResult<Name>;
  }

  async callRaw(method: string, params: unknown, { signal }: CallOptions = {}): Promise<unknown> {
    let refusal: RpcError | undefined;
    for (let attempt = 1; ; attempt += 1) {
      if (signal?.aborted) throw new RpcError('REQUEST_CANCELLED', `${method}: cancelled before it was sent`);
      const connection = this.#current ?? (await this.#reopened(method, signal, refusal));
      try {
        const sent = this.#subscriptions.translate(method, params);
        const result = await connection.request(method, sent, signal);
        // The daemon left meanwhile, and the subscription with it: the next one is to have it.
        if (method === 'events.subscribe' && connection !== this.#current && attempt < maxAttempts) continue;
        this.#subscriptions.note(method, params, result);
        return result;
      } catch (error) {
        const isLast = attempt === maxAttempts || this.#over !== undefined;
        if (isLeaving(error)) {
          if (isLast) throw error;
          refusal = error;
          this.#leave(connection);
        } else {
          if (!(error instanceof Unanswered)) throw error;
          this.#lose(connection, error.reason);
          if (isLast || this.#over !== undefined || !mayRepeat(method, error)) throw error.reason;
        }
        if (attempt > 1) await sleep(pauseBefore(attempt));
      }
    }
  }

  onNotification(listener: NotificationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnectListeners.add(listener);
    return () => this.#reconnectListeners.delete(listener);
  }

  close(): Promise<void> {
    const reason = connectionLost(this.#socketPath, 'this program closed it');
    for (const connection of this.#connections) connection.end(reason);
    this.#finish(reason);
    return this.closed;
  }

  #use(socket: Awaited<ReturnType<typeof openSocket>>): ClientConnection {
    const connection = new ClientConnection(socket, this.#socketPath, this.#maxMessageBytes, {
      notification: (name, params) => {
        for (const listener of this.#listeners) listener(name, params);
      },
      goAway: () => {
        this.#leave(connection);
        this.#keepListening();
      },
      ended: (reason) => {
        this.#connections.delete(connection);
        this.#lose(connection, reason);
        this.#keepListening();
      },
    });
    this.#connections.add(connection);
    this.#current = connection;
    return connection;
  }

  /** Its daemon is on its way out: what it was asked it answers, new calls go to the next one. */
  #leave(connection: ClientConnection): void {
    if (this.#current === connection) this.#current = undefined;
    connection.leave();
  }

  /** The connection takes no more calls. */
  #lose(connection: ClientConnection, reason: EndReason): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    if (isFinal(reason)) this.#finish(reason);
  }

  /** Whoever listens only makes no call that would connect again. */
  #keepListening(): void {
    if (this.#subscriptions.size === 0 || this.#current !== undefined || this.#over !== undefined) return;
    this.#reopen().catch(() => {}); // `closed` tells
  }

  /** Another connection for a call that can be cancelled meanwhile. Where there is none, an earlier `refusal` says more. */
  async #reopened(
    method: string,
    signal: AbortSignal | undefined,
    refusal: RpcError | undefined,
  ): Promise<ClientConnection> {
    const opening = this.#reopen().catch((error: unknown) => {
      throw refusal ?? error;
    });
    if (signal === undefined) return opening;
    return new Promise((resolve, reject) => {
      const cancel = () =>
        reject(new RpcError('REQUEST_CANCELLED', `${method}: cancelled before it was sent`));
      signal.addEventListener('abort', cancel, { once: true });
      void opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
    });
  }

  #reopen(): Promise<ClientConnection> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    this.#opening ??= this.#reconnect().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #reconnect(): Promise<ClientConnection> {
    let connection: ClientConnection;
    try {
      const socket = await openPatiently(
        this.#socketPath,
        (error) => this.#over === undefined && isPassing(error),
        undefined,
      );
      connection = this.#use(socket);
    } catch (error) {
      if (error instanceof ConnectionError) this.#finish(error);
      throw this.#over ?? error;
    }
    if (this.#over !== undefined) {
      connection.end(this.#over);
      throw this.#over;
    }
    void this.#renew(connection);
    return connection;
  }

  /** Where it fails the connection has ended, and the next one will be used. */
  async #renew(connection: ClientConnection): Promise<void> {
    try {
      await this.#subscriptions.renew(
        (method, params) => connection.request(method, params, undefined),
        (error) => error instanceof RpcError,
      );
    } catch {
      return;
    }
    for (const listener of this.#reconnectListeners) listener();
  }

  /** No further connection is made. Those that the daemon asked to leave still answer what they were asked. */
  #finish(reason: EndReason): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#current = undefined;
    const closed = [...this.#connections].map((connection) => connection.closed);
    void Promise.all(closed).then(this.#resolveClosed);
  }
}

/** Connects, again and again for two seconds while `again` says that it may help. */
async function openPatiently(
  socketPath: string,
  again: (error: unknown) => boolean,
  signal: AbortSignal | undefined,
): Promise<Awaited<ReturnType<typeof openSocket>>> {
  const deadline = performance.now() + reconnectMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openSocket(socketPath, signal);
    } catch (error) {
      if (!again(error) || performance.now() > deadline) throw error;
    }
    await sleep(pauseBefore(attempt + 1), undefined, { ...(signal === undefined ? {} : { signal }) });
  }
}
