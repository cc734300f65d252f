// The requests of one session, on the main thread: begun by a ticket, asked about by it, and ended with the execution
// that began them where that did not go well, or with the session's stay in its worker.
import type { HostValue } from '../../engine/module-host.js';
import { Held } from '../held.js';
import { HostError, type RunEnd } from '../host-module.js';
import type { Service } from '../outside/desk.js';
import { exchange } from './exchange.js';
import { mostAtOnce, NetRequest, type Done, type Step } from './messages.js';
import { Sender } from './sender.js';

const mebibyte = 1024 * 1024;

/** Bytes of answers that are held for a session until it takes them; one alone may be as large as its grant says. */
const mostHeld = 64 * mebibyte;
/** Bytes of answers handed over at once: more than one only while they are small. */
const handedOver = 8 * mebibyte;

interface Ticket {
  readonly controller: AbortController;
  /** Settles when nothing of it is left; never rejects. */
  ended: Promise<void>;
  heldBytes: number;
  done?: Done;
}

export class Requests implements Service {
  readonly #sender = new Sender();
  readonly #tickets = new Held<Ticket>();
  /** Wakes those that wait. */
  readonly #wake = new Set<() => void>();

  async handle(value: HostValue, signal: AbortSignal): Promise<HostValue> {
    const request = NetRequest.parse(value);
    switch (request.type) {
      case 'fetch':
        this.#forget(request.known);
        return this.#begin(request);
      case 'wait':
        this.#forget(request.known);
        return this.#wait(request, signal);
      case 'cancel':
        this.#drop(request.ticket, 'by the script');
        return undefined;
    }
  }

  runEnded({ status }: RunEnd): void {
    for (const ticket of this.#tickets.runEnded(status === 'ok')) this.#stop(ticket, 'with its execution');
  }

  async close(): Promise<void> {
    const tickets = this.#tickets.takeAll();
    for (const ticket of tickets) this.#stop(ticket, 'with its session');
    this.#sender.close();
    await Promise.all(tickets.map(({ ended }) => ended));
  }

  #begin({ request, grants, template }: NetRequest & { type: 'fetch' }): number {
    if (this.#tickets.size >= mostAtOnce)
      throw new HostError('EAGAIN', `fetch: ${mostAtOnce} requests of this session are under way already`);
    const ticket: Ticket = {
      controller: new AbortController(),
      ended: Promise.resolve(),
      heldBytes: 0,
    };
    const id = this.#tickets.add(ticket);
    const steps: Step[] = [];
    const working = exchange({
      request,
      grants,
      template,
      sender: this.#sender,
      signal: ticket.controller.signal,
      hold: (bytes) => this.#hold(ticket, bytes),
      onStep: (step) => steps.push(step),
    });
    ticket.ended = working.then(
      (answer) => this.#end(ticket, { ticket: id, steps, outcome: { answer } }),
      (error: unknown) => {
        const { code, message, denied } =
          error instanceof HostError ? error : new HostError('EIO', `fetch: ${String(error)}`);
        this.#end(ticket, { ticket: id, steps, outcome: { error: { code, message, denied } } });
      },
    );
    return id;
  }

  #end(ticket: Ticket, done: Done): void {
    ticket.done = done;
    for (const wake of this.#wake) wake();
  }

  #hold(ticket: Ticket, bytes: number): void {
    const others = this.#tickets.all.filter((other) => other !== ticket);
    const held = others.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    ticket.heldBytes += bytes;
    if (held > 0 && held + ticket.heldBytes > mostHeld)
      throw new HostError(
        'ENOBUFS',
        `the answers that this session waits for are larger than ${mostHeld} bytes together; ask for fewer at once`,
      );
  }

  /** Stops it, and forgets it: whoever asks about it is told that it is gone. */
  #drop(id: number, why: string): void {
    const ticket = this.#tickets.take(id);
    if (ticket !== undefined) this.#stop(ticket, why);
  }

  #stop(ticket: Ticket, why: string): void {
    ticket.controller.abort(new HostError('ECANCELED', `fetch: stopped ${why}`));
    for (const wake of this.#wake) wake();
  }

  /** Drops what the session knows nothing of: it was rolled back to before. */
  #forget(known: readonly number[]): void {
    const kept = new Set(known);
    for (const [id] of this.#tickets.entries) if (!kept.has(id)) this.#drop(id, 'for the session went back');
  }

  async #wait({ known, ms }: NetRequest & { type: 'wait' }, signal: AbortSignal): Promise<HostValue> {
    const isOver = (): boolean =>
      known.some((id) => this.#tickets.find(id) === undefined) ||
      this.#tickets.all.some(({ done }) => done !== undefined);
    if (!isOver() && !signal.aborted) await this.#sleep(ms, signal);
    // Nobody would hear of it.
    if (signal.aborted) throw new HostError('ECANCELED', 'fetch: waiting was stopped');
    const gone = known.filter((id) => this.#tickets.find(id) === undefined);
    return { done: this.#takeDone().map(toValue), gone };
  }

  #takeDone(): Done[] {
    const taken: Done[] = [];
    let bytes = 0;
    for (const [id, { done, heldBytes }] of this.#tickets.entries) {
      if (done === undefined) continue;
      if (taken.length > 0 && bytes + heldBytes > handedOver) break;
      bytes += heldBytes;
      taken.push(done);
      this.#tickets.take(id);
    }
    return taken;
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#wake.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

const toValue = ({ ticket, steps, outcome }: Done): HostValue => ({
  ticket,
  steps: steps.map((step) => ({ ...step })),
  outcome: 'answer' in outcome ? { answer: { ...outcome.answer } } : { error: { ...outcome.error } },
});
