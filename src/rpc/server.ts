// Sockets become clients that are served: many at once, each bounded, none at another's expense.
// It listens to nothing itself: whoever accepts connections hands them to `attach`.
import type { Socket } from 'node:net';
import { defaultMaxRequestsPerConnection, type Call } from './calls.js';
import { Connection, defaultMaxOutboundBytes } from './connection.js';
import { Dispatcher, type Handlers } from './dispatch.js';
import { RpcError } from './errors.js';
import { defaultMaxMessageBytes } from './framing.js';
import type { Notification } from './missed.js';
import { Peer, type RequestRecord } from './peer.js';

export type { Call } from './calls.js';
export type { ConnectionHandle } from './connection.js';
export type { Handlers } from './dispatch.js';
export type { RequestRecord } from './peer.js';

/** What `onError` is told beside the error: the connection, and the request where it was one. */
export interface ErrorContext {
  readonly connection: number;
  readonly method?: string;
  readonly id?: Call['requestId'];
}

export interface RpcServerOptions {
  readonly handlers: Handlers;
  /** Turns an error that a handler threw into one of the wire; `undefined` makes it `INTERNAL`. */
  readonly mapError?: (error: unknown) => RpcError | undefined;
  /** Told of bugs (the client sees `INTERNAL`) and of clients that break the framing or do not read. */
  readonly onError?: (error: unknown, context: ErrorContext) => void;
  /** Told of every request and notification when it is over. */
  readonly onRequest?: (record: RequestRecord) => void;
  /** Told when the last connection and request is gone (true), and when there is one again (false). */
  readonly onIdleChange?: (isIdle: boolean) => void;
  readonly maxMessageBytes?: number;
  /** Backlog of one connection from which on notifications wait and nothing is read; at least what a socket buffers. */
  readonly maxOutboundBytes?: number;
  readonly maxConnections?: number;
  /** Also the most requests in one batch. */
  readonly maxRequestsPerConnection?: number;
}

export interface RpcServer {
  /** Serves a connected socket; from here on it belongs to the server. */
  attach(socket: Socket): void;
  readonly connectionCount: number;
  /** Requests whose handler has not settled, of closed connections too. */
  readonly inFlight: number;
  /** Bytes that wait for slow readers, over all connections. */
  readonly outboundBytes: number;
  /** Sends a notification to every connection. */
  notifyAll(...notification: Notification): void;
  /** Reads no more, waits for the replies of what was read, ends the connections; cuts off the rest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** 512: more than a person's programs open at once, and half of the usual limit of open files. */
export const defaultMaxConnections = 512;
/** Connections over the limit that may be told so at one time; any more are cut off without a word. */
const maxTurnedAway = 64;

/** A server of the method table, with its handlers. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  return new Server(options);
}

class Server implements RpcServer {
  readonly #options: RpcServerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #peers = new Set<Peer>();
  readonly #turnedAway = new Set<Connection>();
  readonly #maxConnections: number;
  #lastId = 0;
  #inFlight = 0;
  #isIdle = true;
  #closing: Promise<void> | undefined;
  #onGone: (() => void) | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#maxConnections = options.maxConnections ?? defaultMaxConnections;
    this.#dispatcher = new Dispatcher({
      handlers: options.handlers,
      mapError: options.mapError,
      onBug: (error, method, call) =>
        options.onError?.(error, { connection: call.connection.id, method, id: call.requestId }),
    });
  }

  get connectionCount(): number {
    return this.#peers.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get outboundBytes(): number {
    let sum = 0;
    for (const { connection } of this.#peers) sum += connection.outboundBytes;
    return sum;
  }

  attach(socket: Socket): void {
    if (this.#closing !== undefined) socket.destroy();
    else if (this.#peers.size >= this.#maxConnections) this.#turnAway(socket);
    else this.#serve(socket);
  }

  notifyAll(...notification: Notification): void {
    for (const { connection } of this.#peers) connection.notify(...notification);
  }

  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    for (const connection of this.#turnedAway) connection.destroy();
    for (const peer of this.#peers) peer.drain();
    if (this.#peers.size === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(
        () => this.#peers.forEach(({ connection }) => connection.destroy()),
        graceMs,
      );
      this.#onGone = () => {
        clearTimeout(deadline);
        resolve();
      };
    });
  }

  #serve(socket: Socket): void {
    const peer = new Peer(socket, {
      ...this.#connectionOptions(() => this.#gone(peer)),
      dispatcher: this.#dispatcher,
      maxRequests: this.#options.maxRequestsPerConnection ?? defaultMaxRequestsPerConnection,
      onRequest: this.#options.onRequest,
      onInFlight: (change) => {
        this.#inFlight += change;
        this.#checkIdle();
      },
    });
    this.#peers.add(peer);
    this.#checkIdle();
  }

  #gone(peer: Peer): void {
    this.#peers.delete(peer);
    this.#checkIdle();
    if (this.#peers.size === 0) this.#onGone?.();
  }

  #turnAway(socket: Socket): void {
    if (this.#turnedAway.size >= maxTurnedAway) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      ...this.#connectionOptions(() => this.#turnedAway.delete(connection)),
      onMessage: () => undefined,
      onInputEnd: () => connection.finish(),
    });
    this.#turnedAway.add(connection);
    const message = `the daemon serves ${this.#maxConnections} connections already; close one, or try again later`;
    connection.refuse(new RpcError('OVERLOADED', message));
  }

  #connectionOptions(onClose: () => void) {
    const id = ++this.#lastId;
    return {
      id,
      maxMessageBytes: this.#options.maxMessageBytes ?? defaultMaxMessageBytes,
      maxOutboundBytes: this.#options.maxOutboundBytes ?? defaultMaxOutboundBytes,
      onClose,
      onFault: (fault: RpcError) => this.#options.onError?.(fault, { connection: id }),
    };
  }

  #checkIdle(): void {
    const isIdle = this.#peers.size === 0 && this.#inFlight === 0;
    if (isIdle === this.#isIdle) return;
    this.#isIdle = isIdle;
    this.#options.onIdleChange?.(isIdle);
  }
}
