// The main thread's end: takes the requests of one worker, has them done, and answers. What a session holds outside
// (a database, a program) is let go of when the session leaves the worker, or the worker dies.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { HostValue } from '../../engine/module-host.js';
import { HostError, type RunEnd } from '../host-module.js';
import { wordBytes, type OutsideAnswer, type OutsideMessage, type ServiceName } from './messages.js';

/** Does one kind of thing for one session. */
export interface Service {
  /**
   * Rejects with HostError for what the script is to catch. After an abort it settles as soon as nothing of what it
   * began is left.
   */
  handle(request: HostValue, signal: AbortSignal): Promise<HostValue>;
  /** Told that a run ended: what it began goes on, or is let go of. */
  runEnded?(end: RunEnd): void;
  /** Lets go of what it holds for the session. Idempotent. */
  close(): Promise<void>;
}

export type ServiceMaker = () => Service;

/** What a worker gets to reach the desk with. */
export interface OutsideSetup {
  port: MessagePort;
  answered: Int32Array;
}

export class Desk {
  /** For the worker; transfer the port. */
  readonly setup: OutsideSetup;
  readonly #port: MessagePort;
  readonly #makers: Readonly<Record<ServiceName, ServiceMaker>>;
  readonly #services = new Map<ServiceName, Service>();
  readonly #running = new Map<number, AbortController>();
  #isClosed = false;
  readonly #reportFault: (error: unknown) => void;

  constructor(makers: Readonly<Record<ServiceName, ServiceMaker>>, reportFault: (error: unknown) => void) {
    const { port1, port2 } = new MessageChannel();
    this.setup = { port: port2, answered: new Int32Array(new SharedArrayBuffer(wordBytes)) };
    this.#port = port1;
    this.#makers = makers;
    this.#reportFault = reportFault;
    // The worker's messages are of our own making.
    port1.on('message', (message: OutsideMessage) => this.#receive(message));
    port1.unref();
  }

  /** Tells the services that a run ended. */
  runEnded(end: RunEnd): void {
    for (const service of this.#services.values()) service.runEnded?.(end);
  }

  /** Stops what runs and lets go of what the session holds; the next session begins with nothing. */
  async release(): Promise<void> {
    for (const controller of this.#running.values()) controller.abort();
    const services = [...this.#services.values()];
    this.#services.clear();
    for (const outcome of await Promise.allSettled(services.map((service) => service.close()))) {
      if (outcome.status === 'rejected') this.#reportFault(outcome.reason);
    }
  }

  /** As {@link release}, and for good. */
  async close(): Promise<void> {
    // A worker that is being ended may have asked for something before it was.
    this.#isClosed = true;
    await this.release();
    this.#port.close();
  }

  #receive(message: OutsideMessage): void {
    if (this.#isClosed) return;
    if (message.type === 'abort') {
      this.#running.get(message.id)?.abort();
      return;
    }
    void this.#handle(message);
  }

  async #handle({ id, service, request }: OutsideMessage & { type: 'request' }): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const value = await this.#service(service).handle(request, controller.signal);
      this.#answer({ type: 'value', id, value });
    } catch (error) {
      if (!(error instanceof HostError)) this.#reportFault(error);
      const { code, message, fields } =
        error instanceof HostError
          ? error
          : new HostError('EIO', `${service}: failed; the daemon’s log says more`);
      this.#answer({ type: 'error', id, error: { code, message, fields } });
    } finally {
      this.#running.delete(id);
    }
  }

  #service(name: ServiceName): Service {
    const present = this.#services.get(name);
    if (present !== undefined) return present;
    const made = this.#makers[name]();
    this.#services.set(name, made);
    return made;
  }

  #answer(answer: OutsideAnswer): void {
    this.#port.postMessage(answer);
    const { answered } = this.setup;
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  }
}
