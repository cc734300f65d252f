// The libraries that a template or a session has pinned, to what a person reads of them: no integrity, but what has changed.
import * as z from 'zod';
import { PinnedLibrary, StaleLibrary } from '../../records/index.js';

const Holder = z.object({ libraries: z.array(PinnedLibrary), stale: z.array(StaleLibrary).optional() });

/** `lodash@4.17.21`, `mylib@local (changed since)`; undefined for what pins no libraries. */
export function libraryTexts(record: unknown): string[] | undefined {
  const holder = Holder.safeParse(record).data;
  if (holder === undefined) return undefined;
  const changes = new Map(holder.stale?.map(({ id, change }) => [id, change]));
  return holder.libraries.map(({ id }) => (changes.has(id) ? `${id} (${changes.get(id)} since)` : id));
}
