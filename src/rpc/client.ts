// Method names and params become requests on a socket, and replies become results or exceptions.
// Every call settles: with its result, an `RpcError` of the daemon, or a `ConnectionError` when the socket is gone.
import { createConnection, type Socket } from 'node:net';
import { JSONRPCClient, type JSONRPCErrorResponse } from 'json-rpc-2.0';
import { ConnectionError, connectFailed, connectionLost } from './connection-error.js';
import { RpcError } from './errors.js';
import { Decoder, encode } from './framing.js';
import type { MethodName, MethodParams, MethodResult } from './methods/index.js';
import { NotJsonRpcError, readIncoming, toRpcError } from './response.js';

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
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** Ends the connection; calls that are not answered yet reject with a `ConnectionError`. */
  close(): Promise<void>;
}

export type NotificationListener = (name: string, params: unknown) => void;

/** 256 MiB: the largest output that a template may allow, twice and escaped. A reply beyond it is no daemon's. */
const defaultMaxReplyBytes = 256 * 1024 * 1024;

/** Connects to the daemon; rejects with a `ConnectionError`, or with the reason of `signal`. */
export async function connect(socketPath: string, options: ConnectOptions = {}): Promise<Client> {
  options.signal?.throwIfAborted();
  const socket = createConnection({ path: socketPath });
  const onAbort = () => socket.destroy();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(connectFailed(socketPath, error)));
      socket.once('close', () => reject(connectionLost(socketPath, 'it was given up')));
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  return new SocketClient(socket, socketPath, options.maxMessageBytes ?? defaultMaxReplyBytes);
}

/** What `JSONRPCClient` answers a request that it could not send, or that was given up. */
const localErrorNumber = 0;

class SocketClient implements Client {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #socketPath: string;
  readonly #decoder: Decoder;
  readonly #rpc = new JSONRPCClient((payload) => this.#write(payload));
  readonly #listeners = new Set<NotificationListener>();
  #lastId = 0;
  /** Why the connection is over, or about to be. */
  #ended: ConnectionError | RpcError | undefined;

  constructor(socket: Socket, socketPath: string, maxMessageBytes: number) {
    this.#socket = socket;
    this.#socketPath = socketPath;
    this.#decoder = new Decoder({ maxMessageBytes });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#lost(` (${error.message})`, error));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lost();
        this.#rpc.rejectAllPendingRequests('the connection ended');
        resolve();
      });
    });
  }

  async call<Name extends MethodName>(
    name: Name,
    params: MethodParams<Name>,
    options?: CallOptions,
  ): Promise<MethodResult<Name>> {
    // The daemon makes its replies from the same table, and its tests check them against it.
    return (await this.callRaw(name, params, options)) as MethodResult<Name>;
  }

  async callRaw(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal } = options;
    if (signal?.aborted) throw new RpcError('REQUEST_CANCELLED', `${method}: cancelled before it was sent`);
    const id = ++this.#lastId;
    const cancel = () => this.#rpc.notify('$/cancelRequest', { id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const response = await this.#rpc.requestAdvanced({ jsonrpc: '2.0', id, method, params });
      if (response.error !== undefined) throw this.#errorOf(response.error);
      return response.result as unknown;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  onNotification(listener: NotificationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#end(connectionLost(this.#socketPath, 'this program closed it'));
    this.#socket.destroySoon();
    return this.closed;
  }

  #errorOf(error: JSONRPCErrorResponse['error']): Error {
    if (error.code === localErrorNumber && this.#ended !== undefined) return this.#ended;
    return toRpcError(error);
  }

  /** The first reason counts: what follows is its consequence. */
  #end(reason: ConnectionError | RpcError): void {
    this.#ended ??= reason;
  }

  #lost(how = '', cause?: unknown): void {
    this.#end(connectionLost(this.#socketPath, `the daemon closed it${how}; see its log`, cause));
  }

  #write(payload: unknown): void {
    if (this.#ended !== undefined) throw this.#ended;
    this.#socket.write(encode('lines', JSON.stringify(payload)));
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#decoder.push(chunk)) this.#receive(message);
    } catch (error) {
      if (!(error instanceof NotJsonRpcError)) throw error;
      this.#giveUp(error.message);
    }
    if (this.#decoder.fault !== undefined) this.#giveUp(this.#decoder.fault.message);
  }

  #receive(bytes: Buffer): void {
    const incoming = readIncoming(bytes);
    switch (incoming.kind) {
      case 'notification':
        for (const listener of this.#listeners) listener(incoming.method, incoming.params);
        return;
      case 'complaint':
        this.#end(incoming.error);
        return;
      case 'reply':
        this.#reply(incoming);
        return;
    }
  }

  #reply({ id, result, error }: Extract<ReturnType<typeof readIncoming>, { kind: 'reply' }>): void {
    this.#rpc.receive(error === undefined ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, error });
  }

  #giveUp(reason: string): void {
    this.#end(connectionLost(this.#socketPath, `what answers is no vmsysd: ${reason}`));
    this.#socket.destroy();
  }
}
