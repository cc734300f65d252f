// What leads back from a session's state: one change for each execution, newest last, each of them stored once.
// The chain has no gaps: every save of the session's shadow adds to it, or it begins anew.
import type { Undo } from './engine/image.js';

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
    this.#entries.push({ number: this.#next++, execution, undo });
    this.#bytes += undo.data.byteLength;
    while (this.#entries.length > this.#bounds.executions || this.#bytes > this.#bounds.bytes) {
      this.#bytes -= this.#entries.shift()?.undo.data.byteLength ?? 0;
    }
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#next - 1;
  }

  /** Number of the oldest entry worth keeping in the store. */
  get firstKept(): number {
    return this.#next - this.#bounds.executions;
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
    this.#next = first;
    this.stored = Math.min(this.stored, first - 1);
  }
}

/**
 * The entries that lead back to just before an execution, newest first; `undefined` where the chain (oldest first)
 * does not reach so far.
 */
export function pathBack(chain: readonly HistoryEntry[], execution: number): HistoryEntry[] | undefined {
  const since = chain.findIndex((entry) => entry.execution !== undefined && entry.execution >= execution);
  if (since < 0) return [];
  const reaches = chain
    .slice(0, since + 1)
    .some((entry) => entry.execution !== undefined && entry.execution <= execution);
  return reaches ? chain.slice(since).toReversed() : undefined;
}
