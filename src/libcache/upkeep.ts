// What a cache does by itself when something changed: it tries what others added without an engine, and makes local
// libraries anew. Nobody waits for it, so what goes wrong is for the log, once.
import type { Adder } from './adder.js';
import { isPassing, LibraryError, messageOf } from './errors.js';
import type { Content } from './files.js';
import type { Outcome } from './follower.js';
import type { Entries, Entry } from './manifest.js';
import type { RunHooks } from './shared-runs.js';
import { waitingOf } from './succession.js';

export interface UpkeepParts {
  adder: Adder;
  hasEngine: boolean;
  /** `undefined` where the manifest cannot be used now. */
  entries(): Entries | undefined;
  examine(entry: Entry): Promise<Content>;
  /** Announces what has changed. */
  refresh(): void;
  log(level: 'info' | 'warn', message: string, error?: unknown): void;
  /** Raised when the cache closes. */
  signal: AbortSignal;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #run: RunHooks;
  /** The contents that were tried, by id: one that does not load is not tried over and over. */
  readonly #tried = new Map<string, string>();
  /** What is wrong with libraries, by id, as it was logged. */
  readonly #faults = new Map<string, string>();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#run = { signal: parts.signal, onProgress: () => undefined };
  }

  /** Tries what others fetched where they had no engine. */
  async tryOthers(): Promise<Outcome> {
    const { adder, hasEngine, entries, examine, refresh, signal } = this.#parts;
    let outcome: Outcome = 'done';
    for (const waiting of hasEngine ? (entries() ?? []).map(waitingOf) : []) {
      if (waiting === undefined || this.#tried.get(waiting.id) === waiting.integrity) continue;
      const content = await examine(waiting);
      if (content.kind !== 'ok') continue;
      try {
        this.#tried.set(waiting.id, waiting.integrity);
        await adder.confirm(waiting, content.code, this.#run);
        this.#faults.delete(waiting.id);
      } catch (error) {
        if (signal.aborted) return outcome;
        if (isPassing(error)) {
          this.#tried.delete(waiting.id);
          outcome = 'later';
        }
        this.#fault(waiting.id, 'warn', messageOf(error), error); // whoever adds it is told so, too
      }
      refresh();
    }
    return outcome;
  }

  /** Makes a local library anew, and says by `tried` whether that could be done. */
  async updateLocal(id: string, tried: (isFine: boolean) => void): Promise<Outcome> {
    const { adder, signal } = this.#parts;
    const entries = this.#parts.entries();
    if (entries === undefined) return 'later';
    const entry = entries.find((at) => at.id === id);
    if (entry === undefined) return 'done';
    let outcome: Outcome = 'done';
    try {
      await adder.update(entry, this.#run);
      this.#faults.delete(id);
      tried(true);
    } catch (error) {
      if (signal.aborted) return outcome;
      if (isPassing(error)) outcome = 'later';
      const isGone = error instanceof LibraryError && error.code === 'FILE_NOT_FOUND';
      const fault = `library "${id}" stays as it was: ${messageOf(error)}`;
      this.#fault(id, isGone ? 'info' : 'warn', fault, isGone ? undefined : error);
      tried(false);
    }
    this.#parts.refresh();
    return outcome;
  }

  #fault(id: string, level: 'info' | 'warn', fault: string, error: unknown): void {
    if (this.#faults.get(id) !== fault) this.#parts.log(level, fault, error);
    this.#faults.set(id, fault);
  }
}
