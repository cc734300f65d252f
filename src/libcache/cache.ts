// The library cache: specs to entries, entries to verified code, and everything that happens to them to announcements.
// It composes; the manifest and files are in store.ts, adding is in adder.ts, following in follower.ts.
import { isAbsolute } from 'node:path';
import { Adder } from './adder.js';
import { Announcer } from './announcer.js';
import { LibraryError, messageOf, unavailable } from './errors.js';
import type { Fetcher } from './fetcher.js';
import type { Content } from './files.js';
import type { Follower, Outcome } from './follower.js';
import { libraryOf, localPath, type Entries, type Entry } from './manifest.js';
import { manifestName } from './manifest-file.js';
import { inOrder } from './order.js';
import { damaged, incomplete, notFound, notHere, otherContent, unchecked } from './refusals.js';
import { runKey } from './run-key.js';
import { SharedRuns } from './shared-runs.js';
import { LibraryStore } from './store.js';
import { sync } from './sync.js';
import type {
  AddRequest,
  CacheHooks,
  CatalogItem,
  Library,
  LibraryCache,
  LibraryCacheOptions,
  LibraryChange,
  LibraryCheckup,
  PinnedLibrary,
} from './types.js';
import { Upkeep } from './upkeep.js';

export interface CacheParts extends LibraryCacheOptions {
  fetcher: Fetcher;
  catalog: readonly CatalogItem[];
}

export class Cache implements LibraryCache {
  readonly folder: string;
  readonly #options: CacheParts;
  readonly #store: LibraryStore;
  readonly #adder: Adder;
  readonly #announcer: Announcer;
  readonly #runs = new SharedRuns<Entry>();
  readonly #closing = new AbortController();
  readonly #background: Promise<void>[] = [];
  #follower: Follower | undefined;
  #watchDue: NodeJS.Timeout | undefined;
  #manifestProblem: string | undefined;

  constructor(options: CacheParts) {
    if (!isAbsolute(options.folder))
      throw new LibraryError(
        'INVALID_PATH',
        `cannot open the library cache in "${options.folder}": expected an absolute path`,
      );
    this.folder = options.folder;
    this.#options = options;
    this.#store = new LibraryStore(options.folder);
    this.#announcer = new Announcer((error) =>
      this.#log('error', 'a listener of library changes threw', error),
    );
    this.#adder = new Adder({
      store: this.#store,
      fetcher: options.fetcher,
      catalog: options.catalog,
      check: options.check,
      examine: (entry) => this.#examine(entry),
      log: (message) => this.#log('info', message),
    });
    this.#begin();
  }

  list(): Library[] {
    return inOrder(this.#visible(this.#store.manifest.entries()));
  }

  get(library: string): Library {
    const entry = this.#require(library);
    if (this.#isHidden(entry)) throw unchecked(entry);
    return libraryOf(entry);
  }

  async add(request: AddRequest, hooks: CacheHooks = {}): Promise<Library> {
    const key = runKey(request, this.#options.catalog);
    try {
      return libraryOf(await this.#runs.join(key, hooks, (run) => this.#adder.add(request, run)));
    } finally {
      this.#refresh();
    }
  }

  async sync(hooks: CacheHooks = {}): Promise<Library[]> {
    const failures = await sync({
      store: this.#store,
      adder: this.#adder,
      catalog: this.#options.catalog,
      add: (spec) => this.add({ spec }, hooks),
      run: (key, work) => this.#runs.join(key, hooks, work),
      examine: (entry) => this.#examine(entry),
      log: (message) => this.#log('warn', message),
    });
    this.#refresh();
    await this.verify();
    if (failures.length > 0) throw incomplete(failures);
    return this.list();
  }

  async remove(library: string): Promise<Library> {
    const entry = this.#require(library);
    if (!(await this.#store.remove(entry.id))) throw notFound(entry.id);
    this.#refresh();
    return libraryOf(entry);
  }

  async verify(library?: string): Promise<LibraryCheckup[]> {
    if (library !== undefined) return [await this.#checkup(this.#require(library))];
    const parsed = this.#store.manifest.parsed();
    const checkups: LibraryCheckup[] = [];
    if (parsed.kind !== 'ok') checkups.push({ id: manifestName, ok: false, problem: parsed.problem });
    const entries = parsed.kind === 'ok' ? parsed.entries : parsed.kind === 'damaged' ? parsed.salvaged : [];
    for (const entry of entries) checkups.push(await this.#checkup(entry));
    const lost = parsed.kind === 'damaged' || parsed.kind === 'ok' ? parsed.lost : [];
    const problem =
      parsed.kind === 'ok' ? 'it was lost with a damaged manifest' : 'its entry in the manifest is damaged';
    for (const { id } of lost) checkups.push({ id, ok: false, problem });
    return checkups;
  }

  async read({ id, integrity }: PinnedLibrary): Promise<string> {
    let entry = this.#store.find(id) ?? notHere(id);
    for (;;) {
      if (this.#isHidden(entry)) throw unchecked(entry);
      if (entry.integrity !== integrity) throw otherContent(entry, integrity);
      const content = await this.#examine(entry);
      if (content.kind === 'ok') return content.code.toString();
      // Only one that is still what the manifest names is damaged; otherwise it was changed while it was read.
      const now = this.#store.find(id) ?? notHere(id);
      if (now.integrity === entry.integrity) throw damaged(entry, content);
      entry = now;
    }
  }

  listen(listener: (change: LibraryChange) => void): () => void {
    return this.#announcer.listen(listener);
  }

  async close(): Promise<void> {
    clearTimeout(this.#watchDue);
    this.#closing.abort(unavailable('closed', 'the library cache is closing'));
    await this.#runs.close();
    await Promise.all(this.#background);
    await this.#follower?.close();
  }

  /** What need not be done before the first call is answered. */
  #begin(): void {
    const parsed = this.#store.manifest.parsed();
    if (parsed.kind === 'ok') this.#announcer.begin(this.#visible(parsed.entries));
    else this.#refresh();
    this.#background.push(
      this.#sweep().then(
        (removed) => {
          if (removed.length > 0)
            this.#log('info', `removed what was left of unfinished work: ${removed.join(', ')}`);
        },
        (error: unknown) => this.#log('warn', `the cache was not swept: ${messageOf(error)}`, error),
      ),
    );
    const { watch = false, watchAfterMs = 0 } = this.#options;
    if (!watch) return;
    if (watchAfterMs === 0) this.#watchInBackground();
    else this.#watchDue = setTimeout(() => this.#watchInBackground(), watchAfterMs);
  }

  async #sweep(): Promise<string[]> {
    const ofFetching = await this.#options.fetcher.sweep?.();
    return [...(ofFetching ?? []), ...(await this.#store.sweep())];
  }

  #watchInBackground(): void {
    this.#background.push(
      this.#watch().catch((error: unknown) => this.#log('error', 'changes of libraries go unnoticed', error)),
    );
  }

  async #watch(): Promise<void> {
    // Loaded when it is wanted: the watcher is a fifth of what a daemon would otherwise wait for at its start.
    const { Follower } = await import('./follower.js');
    if (this.#closing.signal.aborted) return;
    const upkeep = new Upkeep({
      adder: this.#adder,
      hasEngine: this.#options.check !== undefined,
      entries: () => this.#entries(),
      examine: (entry) => this.#examine(entry),
      refresh: () => this.#refresh(),
      log: (level, message, error) => this.#log(level, message, error),
      signal: this.#closing.signal,
    });
    const updateLocal = (id: string): Promise<Outcome> =>
      upkeep.updateLocal(id, (isFine) => follower.tried(id, isFine));
    const follower: Follower = new Follower(this.folder, this.#store.manifest.path, {
      onManifest: async () => {
        this.#refresh();
        return await upkeep.tryOthers();
      },
      onContent: async (id) => {
        const find = (): Entry | undefined => this.#entries()?.find((at) => at.id === id);
        const entry = find();
        if (
          entry === undefined ||
          (await this.#examine(entry)).kind === 'ok' ||
          localPath(entry) === undefined
        )
          return 'done';
        // What it is made of is on this disk.
        const outcome = await updateLocal(id);
        const now = find();
        if (now !== undefined) await this.#examine(now);
        return outcome;
      },
      onLocal: updateLocal,
      onProblem: (message, error) => this.#log('warn', message, error),
    });
    this.#follower = follower;
    this.#refresh();
  }

  /** Announces what is new in the manifest, and follows what is in it now. */
  #refresh(): void {
    const entries = this.#entries();
    if (entries === undefined) return;
    this.#announcer.update(
      this.#visible(entries),
      new Set(entries.filter((at) => this.#isHidden(at)).map(({ id }) => id)),
    );
    this.#follower?.follow(entries);
  }

  /** Those of the manifest, or none and a word to the log where it cannot be used. */
  #entries(): Entries | undefined {
    try {
      const entries = this.#store.manifest.entries();
      this.#manifestProblem = undefined;
      return entries;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#manifestProblem) this.#log('error', problem);
      this.#manifestProblem = problem;
      return undefined;
    }
  }

  async #examine(entry: Entry): Promise<Content> {
    const content = await this.#store.read(entry);
    const now = this.#entries()?.find(({ id }) => id === entry.id);
    // Another process may have changed or removed it meanwhile: that is no damage.
    if (now?.integrity === entry.integrity)
      this.#announcer.examined(libraryOf(entry), content.kind === 'ok' ? undefined : content.problem);
    return content;
  }

  async #checkup(entry: Entry): Promise<LibraryCheckup> {
    const content = await this.#examine(entry);
    return content.kind === 'ok'
      ? { id: entry.id, ok: true }
      : { id: entry.id, ok: false, problem: content.problem };
  }

  /** By id, or the one of this name that was added last. */
  #require(library: string): Entry {
    const entries = this.#store.manifest.entries();
    const named = entries.filter(({ name }) => name === library);
    return (
      entries.find(({ id }) => id === library) ??
      named.findLast((entry) => !this.#isHidden(entry)) ??
      named.at(-1) ??
      notFound(library)
    );
  }

  #isHidden(entry: Entry): boolean {
    return entry.checked === false && this.#options.check !== undefined;
  }

  #visible(entries: Entries): Library[] {
    return entries.filter((entry) => !this.#isHidden(entry)).map(libraryOf);
  }

  #log(level: 'info' | 'warn' | 'error', message: string, error?: unknown): void {
    this.#options.log?.({ level, message, ...(error !== undefined && { error }) });
  }
}
