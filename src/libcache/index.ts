// The library cache's public face: any npm package or local file as one verified file of JavaScript.
import { join } from 'node:path';
import { Cache, type CacheParts } from './cache.js';
import { catalog } from './fetch/catalog.js';
import { createFetcher } from './fetch/index.js';
import type { LibraryCache, LibraryCacheOptions } from './types.js';

/** Of the cache folder: where packages are unpacked. What lies there is never taken for content. */
const workFolder = 'work';

/**
 * Opens the cache in a folder, which other processes may use at the same time. It is usable at once; sweeping and
 * watching begin in the background. Whoever opens it closes it. Does not reject where the manifest is damaged: the
 * methods that need it do, `verify` says what is wrong, and `sync` repairs.
 */
export async function openLibraryCache(
  options: LibraryCacheOptions & Partial<Pick<CacheParts, 'fetcher' | 'catalog'>>,
): Promise<LibraryCache> {
  const fetcher = createFetcher({ temporaryFolder: join(options.folder, workFolder) });
  return await Promise.resolve(new Cache({ catalog, fetcher, ...options }));
}

export { catalog };
export { LibraryError, type LibraryErrorCode, type UnavailableReason } from './errors.js';
export type { Fetcher, PreparedLibrary, PrepareHooks, PrepareRequest } from './fetcher.js';
export type * from './types.js';
