// Many askers for one thing to one run of it: each gets its answer and hears of its progress, each may leave by its own
// signal, and the run is aborted when the last has left.
import { LibraryError, unavailable } from './errors.js';
import type { CacheHooks, Progress } from './types.js';

/** Fetches at once; each holds a package in memory. Past it, an asker is told so at once. */
const maxRuns = 64;

interface Run<Result> {
  result: Promise<Result>;
  abort: AbortController;
  askers: Set<CacheHooks>;
  /** What was told last: whoever joins hears it at once. */
  latest: Progress | undefined;
}

export interface RunHooks {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export class SharedRuns<Result> {
  readonly #runs = new Map<string, Run<Result>>();
  #closed = false;

  /** Joins the run of `key`, or starts it with `work`. Rejects with REQUEST_CANCELLED when the asker's signal is raised. */
  async join(key: string, hooks: CacheHooks, work: (hooks: RunHooks) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw unavailable('closed', `${key}: the library cache is closing`);
    if (hooks.signal?.aborted === true) throw cancelled(key);
    const run = this.#runs.get(key) ?? this.#start(key, work);
    const asker = { ...hooks };
    run.askers.add(asker);
    if (run.latest !== undefined) asker.onProgress?.(run.latest);
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_resolve, reject) => {
      leave = () => reject(cancelled(key));
      hooks.signal?.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([run.result, left]);
    } finally {
      if (leave) hooks.signal?.removeEventListener('abort', leave);
      run.askers.delete(asker);
      if (run.askers.size === 0) {
        // Whoever asks again before it has ended starts anew.
        if (this.#runs.get(key) === run) this.#runs.delete(key);
        run.abort.abort(cancelled(key));
      }
    }
  }

  /** Aborts what runs, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const runs = [...this.#runs.entries()];
    for (const [key, { abort }] of runs)
      abort.abort(unavailable('closed', `${key}: the library cache is closing`));
    await Promise.allSettled(runs.map(([, { result }]) => result));
  }

  #start(key: string, work: (hooks: RunHooks) => Promise<Result>): Run<Result> {
    if (this.#runs.size >= maxRuns)
      throw new LibraryError(
        'OVERLOADED',
        `${key}: ${maxRuns} libraries are being added already; try again`,
        {
          details: { limit: maxRuns },
        },
      );
    const abort = new AbortController();
    const askers = new Set<CacheHooks>();
    const onProgress = (progress: Progress): void => {
      run.latest = progress;
      for (const asker of askers) asker.onProgress?.(progress);
    };
    // Begun when its first asker listens.
    const result = Promise.resolve().then(() => work({ signal: abort.signal, onProgress }));
    const run: Run<Result> = { result, abort, askers, latest: undefined };
    this.#runs.set(key, run);
    const done = (): void => {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    result.then(done, done); // every asker hears of the failure itself
    return run;
  }
}

export const cancelled = (what: string): LibraryError =>
  new LibraryError('REQUEST_CANCELLED', `${what}: cancelled before it was done`);
