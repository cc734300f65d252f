// The library cache beside the runtime: what is added is tried in one of the runtime's engines, and what changes is
// told to the runtime and to clients.
import { openLibraryCache } from '../libcache/index.js';
import type { LibraryCache, LibraryChange } from '../libcache/types.js';
import { RuntimeError } from '../runtime/errors.js';
import type { Library } from '../records/index.js';
import type { Runtime } from '../runtime/types.js';
import type { Delivery } from './delivery.js';
import type { Log } from './log.js';

export interface LibraryFigures {
  count: number;
  bytes: number;
  changes: Readonly<Record<LibraryChange['change'], number>>;
}

export interface Libraries {
  readonly cache: LibraryCache;
  /** From here on libraries are tried, and changes are told. Call it once, when the runtime is open. */
  attach(runtime: Runtime, delivery: Delivery): void;
  /** What there is now, and what has happened since the start. */
  figures(): LibraryFigures;
  /** Ends what is being added. What is in the cache can be read even then. */
  close(): Promise<void>;
}

/** Past the first answers of a daemon that was started for them. */
const watchAfterMs = 1000;

/** Opens the cache, which works without a network and with a damaged manifest: then its methods say what is wrong. */
export async function openLibraries({ cacheDir, log }: { cacheDir: string; log: Log }): Promise<Libraries> {
  let runtime: Runtime | undefined;
  const cache = await openLibraryCache({
    folder: cacheDir,
    watch: true,
    watchAfterMs,
    check: async (candidate) => {
      if (runtime === undefined)
        throw new RuntimeError('OVERLOADED', 'the daemon is starting; add the library again');
      return runtime.libraries.check(candidate);
    },
    log: ({ level, message, ...fields }) => log[level](message, fields),
  });
  const changes = { added: 0, changed: 0, removed: 0, damaged: 0, repaired: 0 };
  let unlisten = (): void => {};
  return {
    cache,
    attach: (opened, delivery) => {
      runtime = opened;
      unlisten = cache.listen((change) => {
        changes[change.change]++;
        // First the runtime: whoever hears of the change and makes a session gets the new content.
        tell(opened, change);
        delivery.publish({ kind: 'library_changed', ...change });
      });
      // Files may have been edited, and added again by others, while no daemon ran.
      for (const library of listed(cache)) if (isLocal(library)) opened.libraries.changed(library);
    },
    figures: () => {
      const libraries = listed(cache);
      const bytes = libraries.reduce((sum, library) => sum + library.bytes, 0);
      return { count: libraries.length, bytes, changes };
    },
    close: async () => {
      unlisten();
      await cache.close();
    },
  };
}

/** Whatever way a local library got its content, removed and added again too, templates that use it have that content. */
function tell({ libraries }: Runtime, { change, library }: LibraryChange): void {
  switch (change) {
    case 'added':
    case 'changed':
      if (isLocal(library)) libraries.changed(library);
      else libraries.announceUsers(library.id);
      return;
    case 'removed':
      libraries.announceUsers(library.id);
      return;
    case 'damaged':
    case 'repaired':
      return;
  }
}

/** A file of the user's: templates that use it follow it. A package is only ever what a template has pinned. */
const isLocal = ({ source }: Library): boolean => source.startsWith('file:');

/** None where the manifest cannot be used: the cache has logged that. */
function listed(cache: LibraryCache): Library[] {
  try {
    return cache.list();
  } catch {
    return [];
  }
}
