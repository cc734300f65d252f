// The notifications of executions to each of their events once and in order, however they arrive: sent live,
// read again after a gap (`exec.missed`), or repeated in the reply.
import type { Event, ExecutionId } from '../records/index.js';
import type { Client } from '../rpc/client.js';
import { notifications } from '../rpc/methods/events.js';

export type EventListener = (event: Event, executionId: ExecutionId) => void;

/** How many executions are remembered: as many sessions may run at once, with room to spare. */
const maxFollowed = 256;

/** Follows the executions that one connection is told of. */
export class Follower {
  readonly #client: Client;
  readonly #listener: EventListener;
  readonly #stop: () => void;
  /** The number of the last event that was passed on, by execution, the oldest execution first. */
  readonly #lastSeq = new Map<ExecutionId, number>();
  /** Executions whose events were missed and are being read again: what is sent meanwhile is read as well. */
  readonly #reading = new Map<ExecutionId, Promise<void>>();
  /** Those of them for which something was sent since the last read. */
  readonly #behind = new Set<ExecutionId>();

  constructor(client: Client, listener: EventListener) {
    this.#client = client;
    this.#listener = listener;
    this.#stop = client.onNotification((name, params) => {
      if (name === 'exec.event') this.#live(params);
      if (name === 'exec.missed') this.#missed(params);
    });
  }

  /** Passes on those of `events` that were not; for the events that come with a reply. */
  async fill(executionId: ExecutionId, events: readonly Event[]): Promise<void> {
    await this.#reading.get(executionId);
    for (const event of events) this.#pass(executionId, event);
  }

  /** Listens no more. */
  close(): void {
    this.#stop();
  }

  #live(params: unknown): void {
    const told = notifications['exec.event'].safeParse(params).data;
    if (told === undefined) return;
    if (this.#reading.has(told.executionId)) this.#behind.add(told.executionId);
    else this.#pass(told.executionId, told.event);
  }

  #missed(params: unknown): void {
    const told = notifications['exec.missed'].safeParse(params).data;
    if (told === undefined) return;
    const { executionId, firstSeq } = told;
    this.#behind.add(executionId);
    if (this.#reading.has(executionId)) return;
    // Where it fails the execution is gone, or the connection: whoever waits for the reply is told so.
    const reading = this.#readAgain(executionId, firstSeq - 1).catch(() => this.#caughtUp(executionId));
    this.#reading.set(executionId, reading);
  }

  async #readAgain(execution: ExecutionId, from: number): Promise<void> {
    let afterSeq = from;
    for (let more = true; more;) {
      this.#behind.delete(execution);
      const { items, nextSeq } = await this.#client.call('exec.events', { execution, afterSeq });
      for (const event of items) this.#pass(execution, event);
      more = items.length > 0 || this.#behind.has(execution);
      afterSeq = nextSeq;
    }
    this.#caughtUp(execution);
  }

  #caughtUp(execution: ExecutionId): void {
    this.#reading.delete(execution);
    this.#behind.delete(execution);
  }

  #pass(executionId: ExecutionId, event: Event): void {
    if (event.seq <= (this.#lastSeq.get(executionId) ?? 0)) return;
    this.#lastSeq.delete(executionId);
    this.#lastSeq.set(executionId, event.seq);
    if (this.#lastSeq.size > maxFollowed) {
      const [oldest] = this.#lastSeq.keys();
      if (oldest !== undefined) this.#lastSeq.delete(oldest);
    }
    this.#listener(event, executionId);
  }
}
