// One connected socket to calls and their answers, until the daemon asks to leave it or it ends.
// Every call settles: with its result, an `RpcError` of the daemon, or `Unanswered`.
import { createConnection, type Socket } from 'node:net';
import { JSONRPCClient } from 'json-rpc-2.0';
import { codeOf, connectFailed, connectionLost, type ConnectionError } from './connection-error.js';
import { RpcError } from './errors.js';
import { Decoder, encode } from './framing.js';
import { NotJsonRpcError, readIncoming, toRpcError } from './response.js';

/** A call that got no reply, and whether the daemon may have read the whole of it. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly reason: EndReason;
  readonly wasSent: boolean;

  constructor(reason: EndReason, wasSent: boolean) {
    super(reason.message, { cause: reason });
    this.reason = reason;
    this.wasSent = wasSent;
  }
}

/** An `RpcError` where the daemon complained about the connection itself; then another one would fare no better. */
export type EndReason = ConnectionError | RpcError;

export interface ConnectionListener {
  notification(name: string, params: unknown): void;
  /** The daemon is about to leave: it answers what it was asked, but new calls belong on another connection. */
  goAway(): void;
  ended(reason: EndReason): void;
}

/** What one call knows of its way out. */
interface Dispatch {
  wasSent: boolean;
}

/** What `JSONRPCClient` answers a request that it could not send, or that was given up. */
const localErrorNumber = 0;

export class ClientConnection {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #socketPath: string;
  readonly #listener: ConnectionListener;
  readonly #decoder: Decoder;
  readonly #rpc: JSONRPCClient<Dispatch>;
  #lastId = 0;
  /** Of what was written last, request or not. */
  #lastDispatch: Dispatch | undefined;
  #inFlight = 0;
  #isLeaving = false;
  /** Why the connection is over, or about to be. */
  #ended: EndReason | undefined;

  constructor(socket: Socket, socketPath: string, maxMessageBytes: number, listener: ConnectionListener) {
    this.#socket = socket;
    this.#socketPath = socketPath;
    this.#listener = listener;
    this.#decoder = new Decoder({ maxMessageBytes });
    this.#rpc = new JSONRPCClient((payload, dispatch) => this.#write(payload, dispatch));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => {
      // On a Unix socket: the daemon closed its end while bytes of ours were unread, the last ones at least. Of what
      // was sent before them it may have read everything.
      if (codeOf(error) === 'ECONNRESET' && this.#lastDispatch !== undefined)
        this.#lastDispatch.wasSent = false;
      this.#lost(` (${error.message})`, error);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        const reason = this.#lost();
        this.#rpc.rejectAllPendingRequests('the connection ended');
        resolve();
        listener.ended(reason);
      });
    });
  }

  /** Sends one request. Rejects with the daemon's RpcError, or with Unanswered. */
  async request(method: string, params: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const id = ++this.#lastId;
    const dispatch: Dispatch = { wasSent: false };
    const cancel = () => this.#rpc.notify('$/cancelRequest', { id }, { wasSent: false });
    signal?.addEventListener('abort', cancel, { once: true });
    this.#inFlight += 1;
    try {
      const response = await this.#rpc.requestAdvanced({ jsonrpc: '2.0', id, method, params }, dispatch);
      const { error } = response;
      if (error === undefined) return response.result as unknown;
      if (error.code === localErrorNumber && this.#ended !== undefined) {
        throw new Unanswered(this.#ended, dispatch.wasSent);
      }
      throw toRpcError(error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#inFlight -= 1;
      this.#leaveIfDone();
    }
  }

  /** Ends it once its calls are answered; no further ones may be made. */
  leave(): void {
    this.#isLeaving = true;
    this.#leaveIfDone();
  }

  /** Ends it now, for this reason, unless it has ended for another one. */
  end(reason: EndReason): void {
    this.#ended ??= reason;
    this.#socket.destroySoon();
  }

  #leaveIfDone(): void {
    if (this.#isLeaving && this.#inFlight === 0) {
      this.end(connectionLost(this.#socketPath, 'the daemon asked to leave it'));
    }
  }

  /** The first reason counts: what follows is its consequence. */
  #lost(how = '', cause?: unknown): EndReason {
    this.#ended ??= connectionLost(this.#socketPath, `the daemon closed it${how}; see its log`, cause);
    return this.#ended;
  }

  #write(payload: unknown, dispatch: Dispatch): void {
    if (this.#ended !== undefined) throw this.#ended;
    this.#lastDispatch = dispatch;
    this.#socket.write(encode('lines', JSON.stringify(payload)), (error) => {
      if (!error) dispatch.wasSent = true;
    });
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
        if (incoming.method === '$/goaway') this.#listener.goAway();
        else this.#listener.notification(incoming.method, incoming.params);
        return;
      case 'complaint':
        this.#ended ??= incoming.error;
        return;
      case 'reply':
        this.#reply(incoming);
        return;
    }
  }

  #reply({ id, result, error }: Extract<ReturnType<typeof readIncoming>, { kind: 'reply' }>): void {
    this.#rpc.receive(error === undefined ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, error });
  }

  /** A complaint of the client's own: another connection would meet the same program. */
  #giveUp(reason: string): void {
    this.#ended ??= connectionLost(
      this.#socketPath,
      `what answers is no vmsysd: ${reason}`,
      new NotJsonRpcError(reason),
    );
    this.#socket.destroy();
  }
}

/** Connects once; rejects with a ConnectionError, or with the reason of `signal`. */
export async function openSocket(socketPath: string, signal: AbortSignal | undefined): Promise<Socket> {
  signal?.throwIfAborted();
  const socket = createConnection({ path: socketPath });
  const onAbort = () => socket.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(connectFailed(socketPath, error)));
      socket.once('close', () => reject(connectionLost(socketPath, 'it was given up')));
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  return socket;
}
