// The requests of one connection that are not answered yet: bounded, found again by their id, cancellable.
import { RpcError } from './errors.js';
import type { ConnectionHandle } from './connection.js';
import type { RequestId } from './message.js';

/** What a handler knows of the request that it answers. */
export interface Call {
  /** `undefined` for a notification. */
  readonly requestId: RequestId | undefined;
  /** Aborted by `$/cancelRequest`, and by nothing else. */
  readonly signal: AbortSignal;
  readonly connection: ConnectionHandle;
}

/** 256: eight editors' worth of pipelining, and few enough that their replies fit into memory. */
export const defaultMaxRequestsPerConnection = 256;

export class PendingCall implements Call {
  readonly requestId: RequestId | undefined;
  readonly connection: ConnectionHandle;
  /** What the handler threw, as the wire says it. */
  error: RpcError | undefined;
  /** Made when someone asks for it: most requests are over before they could be cancelled. */
  #controller: AbortController | undefined;
  #isCancelled = false;

  constructor(requestId: RequestId | undefined, connection: ConnectionHandle) {
    this.requestId = requestId;
    this.connection = connection;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isCancelled) this.#controller.abort();
    return this.#controller.signal;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#controller?.abort();
  }
}

export class Calls {
  readonly #max: number;
  readonly #byId = new Map<RequestId, PendingCall>();
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Admits a request, or says why not. Who begins one ends it. */
  begin(id: RequestId | undefined, connection: ConnectionHandle): PendingCall | RpcError {
    if (this.#count >= this.#max) {
      const message = `this connection has ${this.#max} requests in flight; wait for a reply before the next one`;
      return new RpcError('OVERLOADED', message);
    }
    if (id !== undefined && this.#byId.has(id)) {
      const message = `id: ${JSON.stringify(id).slice(0, 100)} is in use by a request that is not answered yet`;
      return new RpcError('INVALID_REQUEST', message);
    }
    const call = new PendingCall(id, connection);
    this.#count++;
    if (id !== undefined) this.#byId.set(id, call);
    return call;
  }

  end(call: PendingCall): void {
    this.#count--;
    if (call.requestId !== undefined) this.#byId.delete(call.requestId);
  }

  /** Cancels the request with this id; one that is answered already, or never was, is left alone. */
  cancel(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number' || id === null) this.#byId.get(id)?.cancel();
  }
}
