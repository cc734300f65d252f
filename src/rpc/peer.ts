// One client: its messages become calls, and the outcomes of calls become its replies, one for each request,
// in the order in which they are ready.
import type { Socket } from 'node:net';
import { Calls, type PendingCall } from './calls.js';
import { Connection, type ConnectionOptions } from './connection.js';
import type { Dispatcher } from './dispatch.js';
import { RpcError } from './errors.js';
import {
  errorReply,
  notification,
  parseMessage,
  type Entry,
  type Request,
  type RequestId,
} from './message.js';

/** One request that is over, for a log. */
export interface RequestRecord {
  readonly connection: number;
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly ms: number;
  readonly error?: RpcError;
}

export interface PeerOptions extends Omit<ConnectionOptions, 'onMessage' | 'onInputEnd'> {
  readonly dispatcher: Dispatcher;
  readonly maxRequests: number;
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** Told of each request that begins (+1) and ends (-1), also of those that outlive their connection. */
  readonly onInFlight: (change: 1 | -1) => void;
}

type Reply = string | undefined;

export class Peer {
  readonly connection: Connection;
  readonly #options: PeerOptions;
  readonly #calls: Calls;
  /** Messages that are not answered yet. */
  #unanswered = 0;
  #hasSpoken = false;
  #isEnding = false;
  /** Set once the client was asked to leave. */
  #quietMs: number | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: PeerOptions) {
    this.#options = options;
    this.#calls = new Calls(options.maxRequests);
    this.connection = new Connection(socket, {
      ...options,
      onMessage: (bytes) => this.#receive(bytes),
      onInputEnd: () => this.#end(),
    });
  }

  /**
   * Asks the client to leave, and goes on serving it. One that does not know the word stays: it is ended when it has
   * asked for nothing for `quietMs`. One that has not said anything yet is asked when it has: until then nobody knows
   * which framing it speaks.
   */
  goAway(quietMs: number): void {
    if (this.#quietMs !== undefined) return;
    this.#quietMs = quietMs;
    this.connection.closed.addEventListener('abort', () => clearTimeout(this.#quiet), { once: true });
    if (this.#hasSpoken) this.#askToLeave();
    this.#watchQuiet();
  }

  #askToLeave(): void {
    this.connection.send(notification('$/goaway', {}));
  }

  #watchQuiet(): void {
    clearTimeout(this.#quiet);
    if (this.#quietMs === undefined || this.#unanswered > 0 || this.connection.closed.aborted) return;
    this.#quiet = setTimeout(() => this.drain(), this.#quietMs);
  }

  /** Reads no more, answers what was read, then ends the connection. */
  drain(): void {
    this.connection.stopReading();
    this.#end();
  }

  #end(): void {
    this.#isEnding = true;
    if (this.#unanswered === 0) this.connection.finish();
  }

  #receive(bytes: Buffer): void {
    const message = parseMessage(bytes, this.#options.maxRequests);
    this.#unanswered++;
    clearTimeout(this.#quiet);
    if (!this.#hasSpoken && this.#quietMs !== undefined) this.#askToLeave();
    this.#hasSpoken = true;
    if (message.kind === 'single') {
      const reply = this.#answer(message.entry);
      if (reply instanceof Promise)
        void reply.then((text) => this.#reply(text)); // it never rejects
      else this.#reply(reply);
    } else {
      void Promise.all(message.entries.map(async (entry) => this.#answer(entry))).then((replies) => {
        const texts = replies.filter((text) => text !== undefined);
        this.#reply(texts.length === 0 ? undefined : `[${texts.join(',')}]`);
      });
    }
  }

  #reply(text: Reply): void {
    if (text !== undefined) this.connection.send(text);
    this.#unanswered--;
    if (this.#isEnding) this.#end();
    else this.#watchQuiet();
  }

  #answer(entry: Entry): Reply | Promise<Reply> {
    if ('fault' in entry) return errorReply(entry.id, entry.fault);
    const { request } = entry;
    if (request.id === undefined && request.method.startsWith('$/')) return this.#control(request);
    const call = this.#calls.begin(request.id, this.connection);
    if (!(call instanceof RpcError)) return this.#call(request, call);
    this.#record(request, performance.now(), call);
    return request.id === undefined ? undefined : errorReply(request.id, call);
  }

  /** Notifications about the protocol itself; as in LSP, those that are unknown are ignored. */
  #control(request: Request): undefined {
    if (request.method !== '$/cancelRequest') return;
    const { params } = request;
    if (typeof params === 'object' && params !== null && 'id' in params) this.#calls.cancel(params.id);
  }

  async #call(request: Request, call: PendingCall): Promise<Reply> {
    const startedAt = performance.now();
    this.#options.onInFlight(1);
    const outcome = await this.#options.dispatcher.dispatch(request, call);
    this.#calls.end(call);
    this.#options.onInFlight(-1);
    this.#record(request, startedAt, outcome.error);
    return outcome.text;
  }

  #record(request: Request, startedAt: number, error: RpcError | undefined): void {
    this.#options.onRequest?.({
      connection: this.connection.id,
      id: request.id,
      method: request.method,
      ms: performance.now() - startedAt,
      ...(error === undefined ? {} : { error }),
    });
  }
}
