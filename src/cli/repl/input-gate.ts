// Standard input to what the prompt may read now: one line at a time, and none while code runs. Node's prompt would
// start the next line of a paste, or of a pipe, before the line in front of it is done.
import { Readable } from 'node:stream';

/** What may be typed ahead or lie unread of a pipe; past it a pipe waits, and a terminal's further keys are dropped. */
const maxHeldBytes = 1024 * 1024;
const ctrlC = 0x03;
const newline = 0x0a;
const carriageReturn = 0x0d;

export interface GateSource extends Readable {
  isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/** A readable for `node:repl`. `close()` lets go of the source. */
export class InputGate extends Readable {
  readonly isTTY: boolean;
  readonly #source: GateSource;
  readonly #onInterrupt: () => void;
  #held: Buffer = Buffer.alloc(0);
  #isHolding = false;
  /** Whether the prompt has taken all it was given, and reads. */
  #isWanted = false;
  #isScheduled = false;
  #hasEnded = false;

  /** `onInterrupt` is called for a Ctrl-C on a terminal while lines are held back; what was typed ahead is dropped. */
  constructor(source: GateSource, onInterrupt: () => void) {
    // No line is read ahead: the prompt asks for one when it has taken the one before.
    super({ highWaterMark: 0 });
    this.#source = source;
    this.#onInterrupt = onInterrupt;
    this.isTTY = source.isTTY === true;
    source.on('data', this.#receive);
    source.on('end', this.#end);
  }

  setRawMode(mode: boolean): this {
    if (this.isTTY) this.#source.setRawMode?.(mode);
    return this;
  }

  /** Gives no further line until `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    this.#schedule();
  }

  close(): void {
    this.#source.off('data', this.#receive);
    this.#source.off('end', this.#end);
    this.#source.pause();
    this.destroy();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#schedule();
  }

  readonly #receive = (chunk: Buffer): void => {
    const interrupt = this.isTTY && this.#isHolding ? chunk.lastIndexOf(ctrlC) : -1;
    if (interrupt >= 0) {
      this.#held = chunk.subarray(interrupt + 1);
      this.#onInterrupt();
      return;
    }
    if (this.#held.length + chunk.length > maxHeldBytes) {
      if (this.isTTY) return;
      this.#source.pause();
    }
    this.#held = Buffer.concat([this.#held, chunk]);
    this.#schedule();
  };

  readonly #end = (): void => {
    this.#hasEnded = true;
    // The last line of a pipe counts, with or without its end.
    if (this.#held.length > 0 && this.#held.at(-1) !== newline) {
      this.#held = Buffer.concat([this.#held, Buffer.from('\n')]);
    }
    this.#schedule();
  };

  /** Taking a line and asking for the next one come before the hold in the same turn: give it in a later one. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isWanted && !this.#isHolding && !this.destroyed) this.#give();
    });
  }

  #give(): void {
    if (this.#held.length === 0) {
      if (this.#hasEnded) this.push(null);
      else if (this.#source.isPaused()) this.#source.resume();
      return;
    }
    this.#isWanted = false;
    const end = lineEnd(this.#held);
    const line = this.#held.subarray(0, end);
    this.#held = this.#held.subarray(end);
    this.push(line);
  }
}

/** Where the first line ends, its end included; all of it where none does. */
function lineEnd(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => byte === newline || byte === carriageReturn);
  if (at < 0) return bytes.length;
  return bytes[at] === carriageReturn && bytes[at + 1] === newline ? at + 2 : at + 1;
}
