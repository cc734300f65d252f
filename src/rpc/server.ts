// Sockets become clients that are served: many at once, each bounded, none at another's expense.
// It listens to nothing itself: whoever accepts connections hands them to `attach`.
import type { Socket } from 'node:net';
import { defaultMaxRequestsPerConnection, type Call } from './calls.js';
import { defaultMaxOutboundBytes } from './connection.js';
import { Dispatcher, type Handlers } from './dispatch.js';
import { RpcError } from './errors.js';
import { defaultMaxMessageBytes } from './framing.js';
import type { Notification } from './missed.js';
import { Peer, type RequestRecord } from './peer.js';
import { Refusals } from './refusals.js';

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

export interface DrainOptions {
  readonly quietMs: number;
  readonly deadlineMs: number;
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
  /** Answers a connection that this daemon cannot serve at the moment, and closes it. */
  refuse(socket: Socket, reason: RpcError): void;
  /**
   * Asks all clients to leave (`$/goaway`), and goes on serving them until they have: those that are asked and ask for
   * nothing for `quietMs` are ended. Resolves when all are gone, or after `deadlineMs`.
   */
  drain(options: DrainOptions): Promise<void>;
  /** Reads no more, waits for the replies of what was read, ends the connections; cuts off the rest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** 512: more than a person's programs open at once, and half of the usual limit of open files. */
export const defaultMaxConnections = 512;

/** A server of the method table, with its handlers. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  return new Server(options);
}

class Server implements RpcServer {
  readonly #options: RpcServerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #peers = new Set<Peer>();
  readonly #refusals = new Refusals();
  readonly #maxConnections: number;
  #lastId = 0;
  #inFlight = 0;
  #isIdle = true;
  #closing: Promise<void> | undefined;
  /** Set once clients were asked to leave: those that come later are asked at once. */
  #quietMs: number | undefined;
  readonly #onGone = new Set<() => void>();

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
    else if (this.#peers.size < this.#maxConnections) this.#serve(socket);
    else {
      const message = `the daemon serves ${this.#maxConnections} connections already; close one, or try again later`;
      this.refuse(socket, new RpcError('OVERLOADED', message));
    }
  }

  refuse(socket: Socket, reason: RpcError): void {
    this.#refusals.refuse(socket, reason, this.#connectionOptions());
  }

  notifyAll(...notification: Notification): void {
    for (const { connection } of this.#peers) connection.notify(...notification);
  }

  async drain({ quietMs, deadlineMs }: DrainOptions): Promise<void> {
    this.#quietMs = quietMs;
    for (const peer of this.#peers) peer.goAway(quietMs);
    await this.#allGone(deadlineMs, () => undefined);
  }

  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    this.#refusals.close();
    for (const peer of this.#peers) peer.drain();
    await this.#allGone(graceMs, () => {
      for (const { connection } of this.#peers) connection.destroy();
    });
  }

  /** Resolves when there is no connection, or when `atDeadline` has returned and still is one. */
  async #allGone(deadlineMs: number, atDeadline: () => void): Promise<void> {
    if (this.#peers.size === 0) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(deadline);
        this.#onGone.delete(finish);
        resolve();
      };
      const deadline = setTimeout(() => {
        atDeadline();
        finish();
      }, deadlineMs);
      this.#onGone.add(finish);
    });
  }

  #serve(socket: Socket): void {
    const peer = new Peer(socket, {
      ...this.#connectionOptions(),
      onClose: () => this.#gone(peer),
      dispatcher: this.#dispatcher,
      maxRequests: this.#options.maxRequestsPerConnection ?? defaultMaxRequestsPerConnection,
      onRequest: this.#options.onRequest,
      onInFlight: (change) => {
        this.#inFlight += change;
        this.#checkIdle();
      },
    });
    this.#peers.add(peer);
    if (this.#quietMs !== undefined) peer.goAway(this.#quietMs);
    this.#checkIdle();
  }

  #gone(peer: Peer): void {
    this.#peers.delete(peer);
    this.#checkIdle();
    if (this.#peers.size === 0) for (const finish of this.#onGone) finish();
  }

  #connectionOptions() {
    const id = ++this.#lastId;
    return {
      id,
      maxMessageBytes: this.#options.maxMessageBytes ?? defaultMaxMessageBytes,
      maxOutboundBytes: this.#options.maxOutboundBytes ?? defaultMaxOutboundBytes,
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
