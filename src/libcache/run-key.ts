// What somebody asks to be added, as a key: those who ask for the same share one run.
import type { AddRequest, CatalogItem } from './types.js';

export function runKey(request: AddRequest, catalog: readonly CatalogItem[]): string {
  const { spec, from, global, entry, bundled, integrity } = request;
  // A bare name of the catalogue and its version are one thing to fetch.
  const wanted = catalog.find(({ name }) => name === spec)?.id ?? spec;
  return [
    wanted,
    from && `in ${from}`,
    global && `as ${global}`,
    entry && `from ${entry}`,
    bundled && 'bundled',
    integrity,
  ]
    .filter(Boolean)
    .join(' ');
}
