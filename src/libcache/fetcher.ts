// What the cache asks of whoever gets libraries: a spec in, one file of code out. The cache stores, checks and follows it.
import type { LibraryDependency } from '../records/index.js';
import type { AddRequest, Progress } from './types.js';

export interface Fetcher {
  /**
   * Gets a library as one file, from the registry or from disk, without touching the cache folder.
   * Throws LibraryError: VALIDATION_ERROR (a spec that means nothing), FILE_NOT_FOUND or INVALID_PATH (a local file),
   * INTEGRITY_MISMATCH (not what the registry says it is), LIBRARY_UNAVAILABLE with its reason, and
   * REQUEST_CANCELLED where `hooks.signal` was raised.
   */
  prepare(request: PrepareRequest, hooks: PrepareHooks): Promise<PreparedLibrary>;
  /** Removes what killed processes left of fetching, and answers what it was; called when a cache is opened. */
  sweep?(): Promise<string[]>;
}

export interface PrepareRequest extends AddRequest {
  /** Of a library that is fetched again: the versions that it was made of, so that it comes out the same. */
  dependencies?: readonly LibraryDependency[] | undefined;
}

export interface PrepareHooks {
  signal: AbortSignal;
  /** Told of the steps `resolve`, `fetch` and `bundle`. */
  onProgress(progress: Progress): void;
}

export interface PreparedLibrary {
  /** What `import` and `require` will call it. */
  name: string;
  version: string;
  /** `npm:name@version`, or `file:` and an absolute path. */
  source: string;
  global?: string | undefined;
  format: 'script' | 'module';
  /** It is the package's own script for browsers; asked for `bundled`, it may come otherwise. */
  isOwnScript?: boolean | undefined;
  code: string;
  /** Where it was bundled: says where in which file, relative to the library's folder, a place of `code` comes from. */
  sourceMap?: string | undefined;
  /** The packages that were bundled into it. */
  dependencies?: LibraryDependency[] | undefined;
  /** Of a local library: the absolute paths of all files that it is made of, itself among them. They are followed. */
  inputs?: string[] | undefined;
}
