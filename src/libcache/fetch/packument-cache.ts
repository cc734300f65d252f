// What the registry said of each package while one library is fetched: asked once, and cut down to the versions that
// the library was made of before, where it is fetched again.
import type { LibraryDependency } from '../../records/index.js';

interface Packument {
  name?: string;
  versions?: Record<string, unknown>;
}

/** The cache that npm's libraries share, as their option `packumentCache`. */
export class PackumentCache extends Map<string, Packument> {
  readonly #pinned = new Map<string, Set<string>>();

  constructor(pinned: readonly LibraryDependency[] = []) {
    super();
    for (const { name, version } of pinned) {
      this.#pinned.set(name, (this.#pinned.get(name) ?? new Set()).add(version));
    }
  }

  override set(key: string, packument: Packument): this {
    cut(packument.versions, this.#pinned.get(packument.name ?? ''));
    return super.set(key, packument);
  }
}

/** In place: whoever asked first goes on with this very object. Pins that are gone from the registry do not count. */
function cut(versions: Packument['versions'], wanted: ReadonlySet<string> | undefined): void {
  if (versions === undefined || wanted === undefined) return;
  const all = Object.keys(versions);
  if (!all.some((version) => wanted.has(version))) return;
  for (const version of all) {
    if (!wanted.has(version)) delete versions[version];
  }
}
