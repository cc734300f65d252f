// A cache as it is to one in which all is there and whole, as far as that can be got: a damaged manifest is replaced, what
// is damaged or was lost with the manifest is fetched again, and the catalogue added.
import type { Adder } from './adder.js';
import { isOutOfReach, isPassing, LibraryError } from './errors.js';
import type { Content } from './files.js';
import { localPath, type Entry, type Origin } from './manifest.js';
import type { RunHooks } from './shared-runs.js';
import type { LibraryStore } from './store.js';
import { waitingOf } from './succession.js';
import type { CatalogItem } from './types.js';

export interface SyncParts {
  store: LibraryStore;
  adder: Adder;
  catalog: readonly CatalogItem[];
  add(spec: string): Promise<unknown>;
  /** Runs `work`, or joins the run of this key. */
  run(key: string, work: (hooks: RunHooks) => Promise<Entry>): Promise<unknown>;
  examine(entry: Entry): Promise<Content>;
  log(message: string): void;
}

export interface SyncFailure {
  library: string;
  error: unknown;
}

const isLocal = (origin: Origin): boolean => localPath(origin) !== undefined;

/** Answers what did not work; the rest was done. Rejects where the manifest cannot be used, and where it is cancelled. */
export async function sync(parts: SyncParts): Promise<SyncFailure[]> {
  const { store, adder, catalog } = parts;
  const aside = await store.manifest.restore();
  if (aside !== undefined) parts.log(`the manifest was damaged; it is now ${aside}, and a new one was begun`);
  const failures: SyncFailure[] = [];
  /** Each would wait as long as the first for a registry that does not answer. */
  let unanswered: unknown;
  const attempt = async (library: string, isNear: boolean, work: () => Promise<unknown>): Promise<void> => {
    if (failures.some((failure) => failure.library === library)) return;
    try {
      if (unanswered !== undefined && !isNear) throw unanswered;
      await work();
    } catch (error) {
      if (error instanceof LibraryError && error.code === 'REQUEST_CANCELLED') throw error;
      if (isOutOfReach(error)) unanswered = error;
      failures.push({ library, error });
    }
  };
  const again = ({ id }: Origin, isNear: boolean, work: (hooks: RunHooks) => Promise<Entry>): Promise<void> =>
    attempt(id, isNear, () => parts.run(`${id} again`, work));
  for (const entry of store.manifest.entries()) {
    const isThere = (await parts.examine(entry)).kind === 'ok';
    // What only waits to be tried needs no registry.
    if (!isThere || waitingOf(entry) !== undefined)
      await again(entry, isThere || isLocal(entry), (hooks) => adder.renew(entry, hooks));
  }
  for (const lost of store.manifest.lost())
    await again(lost, isLocal(lost), (hooks) => adder.fetchAgain(lost, hooks));
  for (const { id } of catalog)
    if (store.find(id) === undefined) await attempt(id, false, () => parts.add(id));
  // What cannot be had at another time either is given up: this says so, once.
  const hopeless = failures.filter(({ error }) => !isPassing(error)).map(({ library }) => library);
  if (hopeless.length > 0) await store.manifest.forget(new Set(hopeless));
  return failures;
}
