// A request to an entry in the cache: what is there already is taken, what is not is fetched, tried in an engine where
// there is one, and only then stored. Nothing is announced here.
import type { Integrity } from '../records/index.js';
import { contentName, integrityOf } from './content-name.js';
import { isOutOfReach, LibraryError, messageOf, reasonOf, systemCode, unavailable } from './errors.js';
import type { Fetcher, PreparedLibrary, PrepareRequest } from './fetcher.js';
import { maxLibraryBytes, type Content } from './files.js';
import { Entry, faults, localPath, type Origin } from './manifest.js';
import { atOriginal } from './original-place.js';
import { cancelled, type RunHooks } from './shared-runs.js';
import type { LibraryStore } from './store.js';
import { refuseOther, taken, waitingOf, type Asked } from './succession.js';
import type { AddRequest, CatalogItem, LibraryCheck } from './types.js';

export interface AdderOptions {
  store: LibraryStore;
  fetcher: Fetcher;
  catalog: readonly CatalogItem[];
  check: LibraryCheck | undefined;
  /** Reads and verifies the content of an entry. */
  examine(entry: Entry): Promise<Content>;
  log(message: string): void;
}

interface Candidate {
  entry: Entry;
  code: Buffer;
}

export class Adder {
  readonly #options: AdderOptions;

  constructor(options: AdderOptions) {
    this.#options = options;
  }

  /** Adds what is not there; fetches again what is there and damaged; tries what was not tried yet. */
  async add(request: AddRequest, hooks: RunHooks): Promise<Entry> {
    const { spec, integrity } = request;
    if (integrity !== undefined) return await this.#tryAdded(spec, integrity, hooks);
    const known = this.#known(spec);
    if (known !== undefined) return await this.#use(known, request, hooks);
    let prepared: PreparedLibrary;
    try {
      prepared = await this.#options.fetcher.prepare(request, hooks);
    } catch (error) {
      const cached = isOutOfReach(error) ? this.#lastOf(spec) : undefined;
      if (cached === undefined) throw error;
      this.#options.log(`${spec}: no registry answers, ${cached.id} is taken from the cache`);
      return await this.#use(cached, request, hooks);
    }
    const existing = this.#options.store.find(idOf(prepared));
    // A range or a tag of a package that is there; a file may have changed.
    if (existing?.source === prepared.source && localPath(existing) === undefined)
      return await this.#use(existing, request, hooks);
    if (existing?.source === prepared.source) refuseOther(existing, request);
    return await this.#admit(prepared, request, hooks, request, existing);
  }

  /** What is there already, made such that it can be used. */
  async #use(known: Entry, request: AddRequest, hooks: RunHooks): Promise<Entry> {
    // What a package and a file are called may be the same; what they are is not.
    if (localPath(known) !== undefined) throw taken(known, request.spec);
    refuseOther(known, request);
    return await this.renew(known, hooks);
  }

  /** Tries what waits for it, and fetches again what is damaged. */
  async renew(known: Entry, hooks: RunHooks): Promise<Entry> {
    const entry = await this.#tried(known, hooks);
    const { kind } = await this.#options.examine(entry);
    return kind === 'ok' ? entry : await this.fetchAgain(entry, hooks);
  }

  /** Fetches what an entry says or said it is made of, and puts it in its place. */
  async fetchAgain(entry: Origin, hooks: RunHooks): Promise<Entry> {
    const request = requestOf(entry);
    const prepared = await this.#options.fetcher.prepare(request, hooks);
    return await this.#admit(sameId(prepared, entry), request, hooks, {});
  }

  /** Makes a local library anew from its files; answers the entry, or `undefined` where it was removed meanwhile. */
  async update(entry: Entry, hooks: RunHooks): Promise<Entry | undefined> {
    const request = requestOf(entry);
    const prepared = sameId(await this.#options.fetcher.prepare(request, hooks), entry);
    const candidate = await this.#candidate(prepared, request, hooks, entry);
    return await this.#options.store.put(candidate.entry, candidate.code, { update: true });
  }

  /** Tries a library that was fetched where there was no engine. Rejects where it does not load; it stays untried. */
  async confirm(waiting: Entry, code: Uint8Array, hooks: RunHooks): Promise<Entry> {
    const exports = await this.#check(waiting, code, hooks);
    return (await this.#options.store.confirm(waiting.id, waiting.integrity, exports)) ?? missing(waiting.id);
  }

  /** What another process put there for us to try; what is there instead by now is as good. */
  async #tryAdded(id: string, integrity: Integrity, hooks: RunHooks): Promise<Entry> {
    const entry = this.#options.store.find(id) ?? missing(id);
    return waitingOf(entry)?.integrity === integrity ? await this.#tried(entry, hooks) : entry;
  }

  async #tried(entry: Entry, hooks: RunHooks): Promise<Entry> {
    const waiting = waitingOf(entry);
    if (waiting === undefined || this.#options.check === undefined) return entry;
    const content = await this.#options.examine(waiting);
    if (content.kind !== 'ok') return entry;
    try {
      return await this.confirm(waiting, content.code, hooks);
    } catch (error) {
      // It is of no use to anybody; asked for again, it is fetched again.
      if (isUnloadable(error)) await this.#options.store.refuse(waiting.id, waiting.integrity);
      throw error;
    }
  }

  async #admit(
    prepared: PreparedLibrary,
    request: PrepareRequest,
    hooks: RunHooks,
    asked: Asked,
    before?: Entry,
  ): Promise<Entry> {
    const { entry, code } = await this.#candidate(prepared, request, hooks, before).catch(
      async (error: unknown) => await this.#otherwise(prepared, request, hooks, error),
    );
    hooks.onProgress({ library: entry.id, step: 'store' });
    const stored = (await this.#options.store.put(entry, code, { asked })) ?? missing(entry.id);
    // Where there is no engine, what was added is what waits for one.
    return stored.untried?.integrity === entry.integrity ? stored.untried : stored;
  }

  /** A package's script for browsers may need what only a page has; its modules may not. */
  async #otherwise(
    prepared: PreparedLibrary,
    request: PrepareRequest,
    hooks: RunHooks,
    error: unknown,
  ): Promise<Candidate> {
    if (prepared.isOwnScript !== true || !isUnloadable(error)) throw error;
    this.#options.log(`${messageOf(error)}; it is made from the package's modules instead`);
    const { name, version } = prepared;
    const again = { ...request, spec: `${name}@${version}`, bundled: true };
    const bundled = await this.#options.fetcher.prepare(again, hooks);
    return await this.#candidate({ ...bundled, name, version }, again, hooks);
  }

  /** What is to be stored. A content that was evaluated before is not evaluated again. */
  async #candidate(
    prepared: PreparedLibrary,
    request: PrepareRequest,
    hooks: RunHooks,
    before?: Entry,
  ): Promise<Candidate> {
    if (hooks.signal.aborted) throw aborted(idOf(prepared), hooks.signal);
    const code = Buffer.from(prepared.code);
    const fresh = entryOf(prepared, request, code);
    const isKnown = before?.integrity === fresh.integrity && before.checked !== false;
    if (isKnown) return { entry: { ...fresh, exports: before.exports }, code };
    if (this.#options.check === undefined) return { entry: { ...fresh, checked: false }, code };
    return { entry: { ...fresh, exports: await this.#check(fresh, code, hooks, prepared.sourceMap) }, code };
  }

  async #check(entry: Entry, code: Uint8Array, hooks: RunHooks, sourceMap?: string): Promise<string[]> {
    const { id, name, format, global } = entry;
    hooks.onProgress({ library: id, step: 'check' });
    const candidate = {
      id,
      name,
      format,
      ...(global !== undefined && { global }),
      code: Buffer.from(code).toString(),
    };
    let exports: string[] | undefined;
    try {
      exports = (await this.#options.check?.(candidate))?.exports;
    } catch (error) {
      // Where it could not be tried (there is no room, the daemon stops), that says nothing of the library.
      const code = systemCode(error);
      if (code !== undefined && code !== 'LIBRARY_UNAVAILABLE') throw error;
      // The engine's own error names the library as well.
      const ownProblem = messageOf(error).replace(`library ${id} does not load: `, '');
      const problem = sourceMap === undefined ? ownProblem : atOriginal(ownProblem, sourceMap);
      throw unavailable('not-loadable', `library "${id}" does not load in a session: ${problem}`, {
        details: { library: id },
        cause: error,
      });
    }
    if (hooks.signal.aborted) throw aborted(id, hooks.signal);
    return exports ?? [];
  }

  /** What a spec means without asking anybody. Of a local file only its maker knows. */
  #known(spec: string): Entry | undefined {
    const listed = this.#options.catalog.find(({ name }) => name === spec)?.id;
    return this.#options.store.find(listed ?? spec);
  }

  #lastOf(spec: string): Entry | undefined {
    return this.#options.store.manifest
      .entries()
      .findLast(({ name, source }) => name === spec && !source.startsWith('file:'));
  }
}

const idOf = ({ name, version }: PreparedLibrary): string => `${name}@${version}`;

/** What to ask the fetcher for, to get the entry once more. */
function requestOf(entry: Origin): PrepareRequest {
  const { global, bundled, dependencies } = entry;
  const spec = localPath(entry) ?? entry.source.replace(/^npm:/, '');
  return { spec, global, entry: entry.entry, bundled, dependencies };
}

/** A version beside a local file may have changed; what templates know it as does not. */
const sameId = (prepared: PreparedLibrary, { name, version, source, global }: Origin): PreparedLibrary => ({
  ...prepared,
  name,
  version,
  source,
  global,
});

function entryOf(prepared: PreparedLibrary, request: PrepareRequest, code: Buffer): Entry {
  const id = idOf(prepared);
  if (code.length > maxLibraryBytes)
    throw unavailable(
      'too-large',
      `library "${id}" has ${code.length} bytes of code; one may have ${maxLibraryBytes}: add a part of it ("entry")`,
      { details: { library: id, limit: maxLibraryBytes } },
    );
  const integrity: Integrity = integrityOf(code);
  const { name, version, source, global, format, dependencies, inputs } = prepared;
  const entry = Entry.safeParse({
    id,
    name,
    version,
    source,
    file: contentName(integrity),
    bytes: code.length,
    integrity,
    ...(global !== undefined && { global }),
    format,
    exports: [],
    ...(dependencies !== undefined && { dependencies }),
    addedAt: new Date().toISOString(),
    ...(request.entry !== undefined && { entry: request.entry }),
    ...(request.bundled === true && { bundled: true }),
    ...(inputs !== undefined && { inputs }),
  });
  if (entry.success) return entry.data;
  throw new LibraryError(
    'VALIDATION_ERROR',
    `cannot add ${JSON.stringify(request.spec)}: ${faults(entry.error)}`,
    {
      details: { issues: entry.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
    },
  );
}

const aborted = (id: string, signal: AbortSignal): unknown =>
  signal.reason instanceof LibraryError ? signal.reason : cancelled(id);

const isUnloadable = (error: unknown): boolean => reasonOf(error) === 'not-loadable';

function missing(id: string): never {
  throw new LibraryError(
    'LIBRARY_NOT_FOUND',
    `library "${id}" was removed while it was being added; add it again`,
  );
}
