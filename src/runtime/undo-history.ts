// What leads back from a session's state: one change for each execution, newest last, and one for what timers and
// waking changed between two of them. The chain has no gaps: every save of the shadow adds to it, or it begins anew.
import { joinUndos, type Undo } from './engine/image.js';

/** Entries kept for each execution that can be undone: its own, and those of timers and of waking around it. */
const entriesEach = 3;

export interface HistoryEntry {
  number: number;
  /** Number of the execution that made the change; none where none did. */
  execution: number | undefined;
  undo: Undo;
}

export interface HistoryBounds {
  /** So many executions can be undone. */
  executions: number;
  /** Bytes of changes kept in memory, before packing; past it the oldest go. */
  bytes: number;
}

export class UndoHistory {
  readonly #bounds: HistoryBounds;
  /** Executions whose change is still on its way from the worker. */
  readonly #expected: (number | undefined)[] = [];
  #entries: HistoryEntry[] = [];
  #bytes = 0;
  /** How many of the entries are an execution's. */
  #executions = 0;
  #next: number;
  /** Entries up to this number are in the store. */
  stored: number;

  /** `last`: number of the last entry that the store has. */
  constructor(bounds: HistoryBounds, last: number) {
    this.#bounds = bounds;
    this.#next = last + 1;
    this.stored = last;
  }

  /** An execution's change will come, after those expected before. */
  expect(execution: number | undefined): void {
    this.#expected.push(execution);
  }

  /** The next expected change has come. */
  receive(undo: Undo): void {
    this.add(this.#expected.shift(), undo);
  }

  add(execution: number | undefined, undo: Undo): void {
    const last = this.#entries.at(-1);
    if (execution === undefined && last !== undefined && last.execution === undefined) {
      this.truncate(last.number);
      this.#push(undefined, joinUndos(last.undo, undo));
    } else {
      this.#push(execution, undo);
    }
    while (this.#isFull) {
      const dropped = this.#entries.shift();
      this.#bytes -= dropped?.undo.data.byteLength ?? 0;
      if (dropped?.execution !== undefined) this.#executions--;
    }
  }

  #push(execution: number | undefined, undo: Undo): void {
    this.#entries.push({ number: this.#next++, execution, undo });
    this.#bytes += undo.data.byteLength;
    if (execution !== undefined) this.#executions++;
  }

  get #isFull(): boolean {
    const { executions, bytes } = this.#bounds;
    return (
      this.#executions > executions || this.#entries.length > executions * entriesEach || this.#bytes > bytes
    );
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#next - 1;
  }

  /** Number of the oldest entry worth keeping in the store. */
  get firstKept(): number {
    return this.#next - this.#bounds.executions * entriesEach;
  }

  /** So many entries of executions are worth keeping in the store. */
  get executionsKept(): number {
    return this.#bounds.executions;
  }

  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** Entries that the store does not have yet; a gap before them means that the store's own are of no use. */
  get unstored(): readonly HistoryEntry[] {
    return this.#entries.filter(({ number }) => number > this.stored);
  }

  /** Forgets this entry and all after it. */
  truncate(first: number): void {
    this.#entries = this.#entries.filter(({ number }) => number < first);
    this.#bytes = this.#entries.reduce((sum, { undo }) => sum + undo.data.byteLength, 0);
    this.#executions = this.#entries.filter(({ execution }) => execution !== undefined).length;
    this.#next = first;
    this.stored = Math.min(this.stored, first - 1);
  }
}

/** One step of the way back; its change is unpacked when it is asked for. */
export interface Step {
  number: number;
  execution: number | undefined;
  /** Throws ImageError where it is damaged. */
  undo(): Undo;
}

/**
 * The steps that lead back to just before an execution, newest first; `undefined` where the chain (oldest first)
 * does not lead there. `effects` answers, of the executions after the one with that number, which had an effect on
 * the state then, or have one now.
 */
export function pathBack(
  chain: readonly Step[],
  execution: number,
  effects: (after: number) => readonly number[],
): Step[] | undefined {
  const own = chain.findIndex((step) => step.execution === execution);
  if (own >= 0) return chain.slice(own).toReversed();
  // One that left no mark: what came after it must be undone, as far as the chain knows of all that did.
  const made = chain.flatMap((step) => (step.execution === undefined ? [] : [step.execution]));
  const before = made.findLast((number) => number < execution) ?? 0;
  if (!effects(before).every((number) => made.includes(number))) return undefined;
  const next = chain.findIndex((step) => step.execution !== undefined && step.execution > execution);
  return next < 0 ? [] : chain.slice(next).toReversed();
}
