// Libraries as a template names them into what it pins: exact contents, no two under one name or global.
import type { Library, LibraryId, PinnedLibrary, StaleLibrary } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LibrarySource } from './types.js';

/** What there is where no cache was given. */
export const noLibraries: LibrarySource = {
  get(library) {
    throw new RuntimeError('LIBRARY_NOT_FOUND', `library ${JSON.stringify(library)}: not in the cache`);
  },
  read: ({ id }) =>
    Promise.reject(
      new RuntimeError('LIBRARY_UNAVAILABLE', `library ${JSON.stringify(id)}: there is no cache`),
    ),
};

/** What `import` calls the library with this id: `name@version`, and a name may have a scope. */
export const nameOfLibrary = (id: LibraryId): string => id.slice(0, id.lastIndexOf('@'));

/**
 * The contents that these ids and names mean now. Throws what the source does, and VALIDATION_ERROR where two of them
 * would have the same name for `import`, or the same global.
 */
export function pinLibraries(libraries: readonly string[], source: LibrarySource): PinnedLibrary[] {
  const found = libraries.map((library) => source.get(library));
  requireDistinct(found);
  return found.map(({ id, integrity }) => ({ id, integrity }));
}

/** The pins with one more, or with the present content of one that is there. Throws as {@link pinLibraries} does. */
export function addPin(
  pins: readonly PinnedLibrary[],
  library: string,
  source: LibrarySource,
): PinnedLibrary[] {
  const added = source.get(library);
  const pin = { id: added.id, integrity: added.integrity };
  if (pins.some(({ id }) => id === added.id)) return pins.map((other) => (other.id === pin.id ? pin : other));
  // One that is no longer in the source still has its name; its global is not known.
  const present = pins.map(({ id }) => lookUp(source, id) ?? { id, name: nameOfLibrary(id) });
  requireDistinct([...present, added]);
  return [...pins, pin];
}

type Named = Pick<Library, 'id' | 'name'> & { global?: string | undefined };

function requireDistinct(libraries: readonly Named[]): void {
  libraries.forEach((library, index) => {
    for (const other of libraries.slice(0, index)) {
      if (other.id === library.id) throw conflict(`${library.id} is there twice`);
      if (other.name === library.name)
        throw conflict(
          `${other.id} and ${library.id} are both imported as ${JSON.stringify(library.name)}; remove one of them`,
        );
      if (other.global !== undefined && other.global === library.global)
        throw conflict(
          `${other.id} and ${library.id} both have the global ${JSON.stringify(library.global)}; remove one of them, or add it to the cache with another`,
        );
    }
  });
}

function conflict(message: string): RuntimeError {
  const issues = [{ path: 'libraries', message }];
  return new RuntimeError('VALIDATION_ERROR', `libraries: ${message}`, { details: { issues } });
}

/** Those of a session's libraries that the source no longer has as they were loaded. */
export function staleLibraries(pins: readonly PinnedLibrary[], source: LibrarySource): StaleLibrary[] {
  return pins.flatMap(({ id, integrity }): StaleLibrary[] => {
    try {
      const now = source.get(id);
      return now.integrity === integrity ? [] : [{ id, change: 'changed', integrity: now.integrity }];
    } catch (error) {
      // A source that cannot say makes no library stale.
      return isNotFound(error) ? [{ id, change: 'removed' }] : [];
    }
  });
}

function lookUp(source: LibrarySource, id: LibraryId): Library | undefined {
  try {
    return source.get(id);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'LIBRARY_NOT_FOUND';
