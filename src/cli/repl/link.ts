// A session to what the prompt does with it: one connection, made anew where it was lost, and what is told over it.
import type { Event, Session } from '../../records/index.js';
import type { Client } from '../../rpc/client.js';
import type { MethodName, MethodParams, MethodResult } from '../../rpc/methods/index.js';
import type { Context } from '../context.js';
import { isAbsence } from '../fault.js';
import { Follower } from '../follow.js';

export interface LinkListener {
  /** An event of the session, whether the prompt caused it or a timer or another client did. */
  event(event: Event): void;
  /** The daemon is gone. The next call looks for it again. */
  lost(): void;
}

interface Current {
  client: Client;
  follower: Follower;
}

/** The prompt's side of one session; which one can change. */
export class SessionLink {
  #session: Session;
  readonly #context: Context;
  readonly #listener: LinkListener;
  #current: Current | undefined;
  #subscription: string | undefined;
  #isClosed = false;

  constructor(context: Context, client: Client, session: Session, listener: LinkListener) {
    this.#context = context;
    this.#listener = listener;
    this.#session = session;
    this.#use(client);
  }

  /** The session as it was when the link came to it. */
  get session(): Session {
    return this.#session;
  }

  /** Runs code in the session; all its events have been told when this resolves. */
  async run(code: string, signal: AbortSignal, filename?: string): Promise<MethodResult<'exec.repl'>> {
    const params: MethodParams<'exec.repl'> = {
      session: this.session.id,
      code,
      stream: true,
      onDisconnect: 'cancel',
      ...(filename === undefined ? {} : { filename }),
    };
    return this.#using(async ({ client, follower }) => {
      const execution = await client.call('exec.repl', params, { signal });
      await follower.fill(execution.id, execution.events ?? []);
      return execution;
    });
  }

  async complete(text: string): Promise<MethodResult<'session.complete'>> {
    return this.call('session.complete', { session: this.session.id, text });
  }

  /** The session as it is now. */
  async record(): Promise<Session> {
    return this.call('session.get', { session: this.session.id });
  }

  /** Calls any method on the link's connection. */
  async call<Name extends MethodName>(name: Name, params: MethodParams<Name>): Promise<MethodResult<Name>> {
    return this.#using(({ client }) => client.call(name, params));
  }

  /** Goes on with another session. */
  async switchTo(session: Session): Promise<void> {
    await this.#connected();
    const subscription = this.#subscription;
    this.#session = session;
    await this.subscribe();
    if (subscription !== undefined) await this.call('events.unsubscribe', { subscription });
  }

  /** Asks to be told of what happens in the session by itself, as a timer that fires. */
  async subscribe(): Promise<void> {
    const { subscription } = await this.call('events.subscribe', {
      topics: ['execution'],
      session: this.session.id,
    });
    this.#subscription = subscription;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#current?.follower.close();
    await this.#current?.client.close();
  }

  /** Does `work`; where the daemon turns out to be gone before it was asked, once more with the next one. */
  async #using<Result>(work: (current: Current) => Promise<Result>): Promise<Result> {
    const current = await this.#connected();
    try {
      return await work(current);
    } catch (error) {
      if (!isAbsence(error) || this.#isClosed) throw error;
      if (this.#current === current) this.#current = undefined;
      return work(await this.#connected());
    }
  }

  async #connected(): Promise<Current> {
    if (this.#current !== undefined) return this.#current;
    const current = this.#use(await this.#context.connect());
    await this.subscribe();
    return current;
  }

  #use(client: Client): Current {
    const follower = new Follower(client, (event) => this.#listener.event(event));
    const current = { client, follower };
    this.#current = current;
    void client.closed.then(() => {
      follower.close();
      if (this.#current !== current) return;
      this.#current = undefined;
      if (!this.#isClosed) this.#listener.lost();
    });
    return current;
  }
}
