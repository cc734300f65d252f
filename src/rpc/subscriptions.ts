// What a client subscribed to, so that it can be asked for again on another connection: to the daemon a subscription
// ends with its connection, to the program it keeps the id that it got first.
import * as z from 'zod';

const Subscribed = z.object({ subscription: z.string() });

/** Calls a method on the new connection. */
export type Renew = (method: 'events.subscribe', params: unknown) => Promise<unknown>;

interface Entry {
  params: unknown;
  /** As the daemon of the present connection knows it. */
  current: string;
}

export class Subscriptions {
  /** By the id that the program knows. The daemon allows 64 a connection. */
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** The params with which a call is sent: an id that the program knows becomes the present one. */
  translate(method: string, params: unknown): unknown {
    if (method !== 'events.unsubscribe') return params;
    const parsed = Subscribed.safeParse(params).data;
    const entry = parsed === undefined ? undefined : this.#entries.get(parsed.subscription);
    if (parsed === undefined || entry === undefined) return params;
    this.#entries.delete(parsed.subscription); // not renewed from now on, whatever becomes of the call
    return { ...parsed, subscription: entry.current };
  }

  /** Remembers the outcome of a call. */
  note(method: string, params: unknown, result: unknown): void {
    if (method !== 'events.subscribe') return;
    const parsed = Subscribed.safeParse(result).data;
    if (parsed !== undefined)
      this.#entries.set(parsed.subscription, { params, current: parsed.subscription });
  }

  /** Subscribes again. One that the daemon refuses now, as its session is gone, is forgotten. */
  async renew(call: Renew, isRefusal: (error: unknown) => boolean): Promise<void> {
    await Promise.all(
      [...this.#entries].map(async ([id, entry]) => {
        try {
          const result = Subscribed.parse(await call('events.subscribe', entry.params));
          entry.current = result.subscription;
        } catch (error) {
          if (!isRefusal(error)) throw error;
          this.#entries.delete(id);
        }
      }),
    );
  }
}
