// Code from the prompt to what the terminal shows of it: output as it comes, then the value, or what went wrong.
import type { Event } from '../../records/index.js';
import { RpcError } from '../../rpc/errors.js';
import { note, print, type Context } from '../context.js';
import { explain } from '../output/explain.js';
import { Printer } from '../run-execution.js';
import type { SessionLink } from './link.js';

const isCancelled = (error: unknown): boolean =>
  error instanceof RpcError && error.code === 'REQUEST_CANCELLED';

/** Runs one input at a time. */
export class Runner {
  readonly #context: Context;
  readonly #link: SessionLink;
  readonly #isTerminal: boolean;
  readonly #showPrompt: () => void;
  readonly #printer: Printer;
  #running: AbortController | undefined;

  /** `showPrompt` draws the prompt again, with what has been typed so far. */
  constructor(context: Context, link: SessionLink, isTerminal: boolean, showPrompt: () => void) {
    this.#context = context;
    this.#link = link;
    this.#isTerminal = isTerminal;
    this.#showPrompt = showPrompt;
    this.#printer = new Printer(context);
  }

  /** Runs it and shows how it ended; never rejects. */
  async run(code: string, filename?: string): Promise<void> {
    if (code.trim() === '') return;
    const running = new AbortController();
    this.#running = running;
    try {
      const execution = await this.#link.run(code, running.signal, filename);
      this.#printer.outcome(execution);
      if (this.#isTerminal && execution.result?.type === 'undefined') {
        print(this.#context, [this.#context.paint('gray', 'undefined')]);
      }
    } catch (error) {
      note(this.#context, isCancelled(error) ? ['Interrupted.'] : explain(error));
    } finally {
      this.#running = undefined;
    }
  }

  /** Stops what runs; the session goes on. */
  interrupt(): void {
    this.#running?.abort();
  }

  /** Shows what the session says, in front of the prompt where nothing was asked of it. */
  event(event: Event): void {
    if (this.#running === undefined) this.#aside(() => this.#printer.event(event));
    else this.#printer.event(event);
  }

  /** Says that the daemon is gone, unless a running call is about to say so. */
  lost(): void {
    if (this.#running !== undefined) return;
    this.#aside(() => note(this.#context, ['The connection is lost; the next line connects again.']));
  }

  /** Writes a line of its own in front of the prompt. */
  #aside(write: () => void): void {
    if (!this.#isTerminal) return write();
    this.#context.write('stdout', '\r\u001b[J');
    write();
    this.#showPrompt();
  }
}
