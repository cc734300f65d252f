// A cache as it is to one in which all is there and whole, as far as that can be got: a damaged manifest is replaced, the
// catalogue added, and what is damaged or was lost with the manifest is fetched again.
import type { Adder } from './adder.js';
import { isOutOfReach, LibraryError } from './errors.js';
import type { Content } from './files.js';
import type { Entry } from './manifest.js';
import type { RunHooks } from './shared-runs.js';
import type { LibraryStore } from './store.js';
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

/** Answers what did not work; the rest was done. Rejects where the manifest cannot be used, and where it is cancelled. */
export async function sync(parts: SyncParts): Promise<SyncFailure[]> {
  const { store, adder, catalog } = parts;
  const restored = await store.manifest.restore();
  if (restored !== undefined)
    parts.log(`the manifest was damaged; it is now ${restored.aside}, and a new one was begun`);
  const failures: SyncFailure[] = [];
  const attempt = async (library: string, work: () => Promise<unknown>): Promise<void> => {
    // Each would wait as long as the first for a registry that does not answer.
    if (failures.some((failure) => failure.library === library || isOutOfReach(failure.error))) return;
    try {
      await work();
    } catch (error) {
      if (error instanceof LibraryError && error.code === 'REQUEST_CANCELLED') throw error;
      failures.push({ library, error });
    }
  };
  const again = (library: string, work: (hooks: RunHooks) => Promise<Entry>): Promise<void> =>
    attempt(library, () => parts.run(`${library} again`, work));
  for (const { id } of catalog) await attempt(id, () => parts.add(id));
  for (const entry of store.manifest.entries())
    if ((await parts.examine(entry)).kind !== 'ok')
      await again(entry.id, (hooks) => adder.renew(entry, hooks));
  for (const lost of restored?.lost ?? [])
    if (store.find(lost.id) === undefined) await again(lost.id, (hooks) => adder.fetchAgain(lost, hooks));
  return failures;
}
