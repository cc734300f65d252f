// What the cache holds, seen again and again, to the changes in between: each is announced once, whoever made it.
import type { Library, LibraryChange } from './types.js';

export class Announcer {
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<(change: LibraryChange) => void>();
  #known = new Map<string, Library>();
  /** What is wrong with the libraries that are damaged, by id. */
  readonly #problems = new Map<string, string>();

  /** `onFault` hears of listeners that throw. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  listen(listener: (change: LibraryChange) => void): () => void {
    // Its own function, so that the same listener may be there twice.
    const own = (change: LibraryChange): void => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Takes note of what there is without announcing it. */
  begin(libraries: readonly Library[]): void {
    this.#known = byId(libraries);
  }

  /** Announces what is different from the last time; the libraries in `unknown` are as they were then. */
  update(libraries: readonly Library[], unknown: ReadonlySet<string>): void {
    const before = this.#known;
    const now = byId(libraries);
    for (const id of unknown) {
      const library = before.get(id);
      if (library !== undefined && !now.has(id)) now.set(id, library);
    }
    this.#known = now;
    for (const [id, library] of before) {
      if (now.has(id)) continue;
      this.#problems.delete(id);
      this.#announce({ change: 'removed', library });
    }
    for (const [id, library] of now) {
      const known = before.get(id);
      if (known === undefined) this.#announce({ change: 'added', library });
      else if (JSON.stringify(known) !== JSON.stringify(library))
        this.#announce({ change: 'changed', library });
    }
  }

  /** Announces `damaged` when a library that was whole has a problem, `repaired` when it has none any more. */
  examined(library: Library, problem: string | undefined): void {
    const known = this.#problems.get(library.id);
    if (problem !== undefined) {
      this.#problems.set(library.id, problem);
      if (known === undefined) this.#announce({ change: 'damaged', library, problem });
    } else if (known !== undefined) {
      this.#problems.delete(library.id);
      this.#announce({ change: 'repaired', library });
    }
  }

  #announce(change: LibraryChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }
}

const byId = (libraries: readonly Library[]): Map<string, Library> =>
  new Map(libraries.map((library) => [library.id, library]));
