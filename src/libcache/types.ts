// The library cache as its users see it: the daemon, and the CLI where the daemon cannot reach a registry.
import type { Integrity, Library, LibraryId, PinnedLibrary } from '../records/index.js';

export interface LibraryCacheOptions {
  /** The cache folder, absolute; made with mode 0700 where it does not exist. */
  folder: string;
  /**
   * Loads a library in an engine, to see whether it works there: answers the names it exports, rejects with the
   * engine's message and line. Absent: what is added is only fetched, and checked by the first cache that can.
   */
  check?: LibraryCheck;
  /** Follow local files, and notice changes of the cache by others and behind our back. Default false. */
  watch?: boolean;
  /**
   * Begins to watch only so long after opening. Nothing that happens before goes unnoticed, but loading the watcher
   * keeps this thread busy for some 30 ms, which a daemon's first clients need not wait for. Default 0.
   */
  watchAfterMs?: number;
  /** Told of what an operator should know. Default: nobody is. */
  log?: (entry: { level: 'debug' | 'info' | 'warn' | 'error'; message: string; error?: unknown }) => void;
}

/** What the check of a library is given. */
export type LibraryCandidate = Pick<Library, 'id' | 'name' | 'format' | 'global'> & { code: string };

export type LibraryCheck = (candidate: LibraryCandidate) => Promise<{ exports: string[] }>;

export interface AddRequest {
  /** `lodash@4.17.21`, a range, a tag, a bare name, or an absolute path or `./path` of a local `.js`, `.mjs` or `.ts` file. */
  spec: string;
  /** The variable that scripts find it under; by default made from its name. */
  global?: string | undefined;
  /** The file of the package to begin with, relative to the package; by default what its package.json says. */
  entry?: string | undefined;
  /** What a relative path is relative to. Absent: relative paths are refused. */
  from?: string | undefined;
  /** Made from the package's modules, though it has a script for browsers: that one does not load. */
  bundled?: boolean | undefined;
  /** `spec` is the id of what another process put into the cache, with this integrity: it is only tried. */
  integrity?: Integrity | undefined;
}

/** Where a long operation has got to. */
export interface Progress {
  /** The library or spec it is about. */
  library: string;
  step: 'resolve' | 'fetch' | 'bundle' | 'check' | 'store';
  /** Of this step, where it is known. */
  done?: number;
  total?: number;
}

export interface CacheHooks {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What happened to a library; `removed` and `damaged` give it as it was. */
export interface LibraryChange {
  change: 'added' | 'changed' | 'removed' | 'damaged' | 'repaired';
  library: Library;
  /** Of `damaged`: what is wrong. */
  problem?: string;
}

export interface LibraryCheckup {
  id: LibraryId;
  ok: boolean;
  problem?: string;
}

/** The libraries that can be added by name alone, with the version and global that are known to work. */
export interface CatalogItem {
  id: LibraryId;
  name: string;
  version: string;
  global: string;
  description: string;
}

export interface LibraryCache {
  readonly folder: string;
  /** By name, then version. Throws LibraryError where the manifest cannot be used. */
  list(): Library[];
  /** By id, or by name: then the version added last. Throws LIBRARY_NOT_FOUND. */
  get(library: string): Library;
  /** Fetches, bundles, checks and stores it. One that is there already is answered as it is. */
  add(request: AddRequest, hooks?: CacheHooks): Promise<Library>;
  /** Adds every library of the catalogue, and fetches again what is damaged or missing. */
  sync(hooks?: CacheHooks): Promise<Library[]>;
  remove(library: string): Promise<Library>;
  /** Compares files with their integrity: of one library, or of all. */
  verify(library?: string): Promise<LibraryCheckup[]>;
  /** The code of exactly this content; rejects with INTEGRITY_MISMATCH or LIBRARY_UNAVAILABLE. */
  read(library: { id: LibraryId; integrity: Integrity }): Promise<string>;
  /** Calls `listener` with every change, until the returned function is called. */
  listen(listener: (change: LibraryChange) => void): () => void;
  close(): Promise<void>;
}

export type { Library, PinnedLibrary };
