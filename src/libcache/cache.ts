// The library cache: specs to entries, entries to verified code, and everything that happens to them to announcements.
// It composes; the manifest and files are in store.ts, adding is in adder.ts, following in follower.ts.
import { isAbsolute } from 'node:path';
import { Adder } from './adder.js';
import { Announcer } from './announcer.js';
import { LibraryError, messageOf, unavailable } from './errors.js';
import type { Fetcher } from './fetcher.js';
import type { Content } from './files.js';
import type { Follower } from './follower.js';
import { libraryOf, type Entries, type Entry, type Origin } from './manifest.js';
import { manifestName } from './manifest-file.js';
import { damaged, incomplete, notFound, notHere, otherContent, unchecked } from './refusals.js';
import { SharedRuns, type RunHooks } from './shared-runs.js';
import { LibraryStore } from './store.js';
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
  /** The contents that this cache tried by itself, by id: one that does not load is not tried over and over. */
  readonly #tried = new Map<string, string>();
  /** What is wrong with local libraries, by id, as it was logged. */
  readonly #faults = new Map<string, string>();
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
    return this.#visible(this.#store.manifest.entries()).sort(
      (a, b) => compare(a.name, b.name) || byNumber.compare(a.version, b.version),
    );
  }

  get(library: string): Library {
    const entry = this.#require(library);
    if (this.#isHidden(entry)) throw unchecked(entry);
    return libraryOf(entry);
  }

  async add(request: AddRequest, hooks: CacheHooks = {}): Promise<Library> {
    const { spec, from, global, entry } = request;
    // A bare name of the catalogue and its version are one thing to fetch.
    const wanted = this.#options.catalog.find(({ name }) => name === spec)?.id ?? spec;
    const key = [wanted, from && `in ${from}`, global && `as ${global}`, entry && `from ${entry}`]
      .filter(Boolean)
      .join(' ');
    try {
      return libraryOf(await this.#runs.join(key, hooks, (run) => this.#adder.add(request, run)));
    } finally {
      this.#refresh();
    }
  }

  async sync(hooks: CacheHooks = {}): Promise<Library[]> {
    const restored = await this.#store.manifest.restore();
    if (restored !== undefined)
      this.#log('warn', `the manifest was damaged; it is now ${restored.aside}, and a new one was begun`);
    const failures: { library: string; error: unknown }[] = [];
    const attempt = async (library: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (error instanceof LibraryError && error.code === 'REQUEST_CANCELLED') throw error;
        failures.push({ library, error });
      }
    };
    for (const { id } of this.#options.catalog) await attempt(id, () => this.add({ spec: id }, hooks));
    const again = async (origin: Origin): Promise<void> => {
      if (failures.some(({ library }) => library === origin.id)) return;
      const work = (run: RunHooks): Promise<Entry> => this.#adder.fetchAgain(origin, run);
      await attempt(origin.id, () => this.#runs.join(`${origin.id} again`, hooks, work));
    };
    for (const entry of this.#store.manifest.entries())
      if ((await this.#examine(entry)).kind !== 'ok') await again(entry);
    for (const lost of restored?.lost ?? []) if (this.#store.find(lost.id) === undefined) await again(lost);
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
    const lost = parsed.kind === 'damaged' ? parsed.lost : [];
    for (const { id } of lost)
      checkups.push({ id, ok: false, problem: 'its entry in the manifest is damaged' });
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
    this.#follower = new Follower(this.folder, this.#store.manifest.path, {
      onManifest: async () => {
        this.#refresh();
        await this.#tryOthers();
      },
      onContent: async (id) => {
        const entry = this.#entries()?.find((at) => at.id === id);
        if (entry !== undefined) await this.#examine(entry);
      },
      onLocal: (id) => this.#updateLocal(id),
      onProblem: (message, error) => this.#log('warn', message, error),
    });
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

  /** Tries what others fetched where they had no engine. */
  async #tryOthers(): Promise<void> {
    for (const entry of this.#entries() ?? []) {
      if (!this.#isHidden(entry) || this.#tried.get(entry.id) === entry.integrity) continue;
      this.#tried.set(entry.id, entry.integrity);
      const content = await this.#examine(entry);
      if (content.kind !== 'ok') continue;
      try {
        await this.#adder.confirm(entry, content.code, this.#ownRun());
      } catch (error) {
        this.#log('warn', messageOf(error), error); // whoever adds it is told so, too
      }
      this.#refresh();
    }
  }

  async #updateLocal(id: string): Promise<void> {
    const entry = this.#entries()?.find((at) => at.id === id);
    if (entry === undefined) return;
    try {
      await this.#adder.update(entry, this.#ownRun());
      this.#faults.delete(id);
      this.#follower?.tried(id, true);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const isGone = error instanceof LibraryError && error.code === 'FILE_NOT_FOUND';
      const fault = `library "${id}" stays as it was: ${messageOf(error)}`;
      if (this.#faults.get(id) !== fault)
        this.#log(isGone ? 'info' : 'warn', fault, isGone ? undefined : error);
      this.#faults.set(id, fault);
      this.#follower?.tried(id, false);
    }
    this.#refresh();
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

  #ownRun(): RunHooks {
    return { signal: this.#closing.signal, onProgress: () => undefined };
  }

  #log(level: 'info' | 'warn' | 'error', message: string, error?: unknown): void {
    this.#options.log?.({ level, message, ...(error !== undefined && { error }) });
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byNumber = new Intl.Collator('en', { numeric: true });
