// What becomes of a library in the cache when one of the same id comes: the one place that says what may replace what.
// It is asked under the lock, so that what it saw is what is replaced.
import { LibraryError } from './errors.js';
import { localPath, type Entry } from './manifest.js';

/** What its asker said of a library; what is made again as it was has nothing new to say. */
export type Asked = Partial<Record<'global' | 'entry', string | undefined>>;

export interface Succession {
  /** What is in the manifest. */
  existing: Entry;
  /** What was made now: `checked: false` where there was no engine to try it. */
  offered: Entry;
  asked: Asked;
  /** Whether the content of the existing one is what its entry says. */
  isWhole: boolean;
}

/**
 * The entry that is in the manifest afterwards. It keeps its place, its time and its names; what an engine has tried
 * gives way to nothing that none has: that waits beside it, as `untried`. Throws NAME_TAKEN where the same id would
 * stand for two things.
 */
export function succeed({ existing, offered, asked, isWhole }: Succession): Entry {
  if (existing.source !== offered.source) throw taken(existing, offered.source);
  refuseOther(existing, asked);
  const isSame = existing.integrity === offered.integrity;
  const isChecked = existing.checked !== false;
  const next = inPlaceOf(existing, offered);
  if (isSame) {
    // What an engine found out about this content stays true.
    if (!isChecked || offered.checked !== false) return next;
    const { checked: _checked, ...rest } = next;
    return { ...rest, exports: existing.exports };
  }
  if (localPath(existing) === undefined) {
    // Made of another file of the package: not what is there.
    if (existing.entry !== offered.entry) return existing;
    // The same package may come out otherwise bundled elsewhere; one content is as good as the other.
    if (isWhole && (isChecked || offered.checked === false)) return existing;
  }
  if (!isChecked || offered.checked !== false) return next;
  const { untried: _untried, ...rest } = existing;
  return { ...rest, untried: next };
}

/** What an entry is once the content that waited was tried; `undefined` where no such content waits. */
export function confirmed(existing: Entry, integrity: string, exports: string[]): Entry | undefined {
  const waiting = waitingOf(existing);
  if (waiting?.integrity !== integrity) return undefined;
  const { checked: _checked, ...rest } = inPlaceOf(existing, waiting);
  return { ...rest, exports };
}

/** What is left of an entry once the content that waited turned out not to load; `undefined`: nothing. */
export function refused(existing: Entry, integrity: string): Entry | undefined {
  if (waitingOf(existing)?.integrity !== integrity) return existing;
  const { untried, ...rest } = existing;
  return untried === undefined ? undefined : rest;
}

/** What of an entry no engine has tried yet. */
export const waitingOf = (entry: Entry): Entry | undefined =>
  entry.untried ?? (entry.checked === false ? entry : undefined);

/** The same id cannot stand for two things: what would change it for its users is refused. */
export function refuseOther(existing: Entry, asked: Asked): void {
  for (const field of ['global', 'entry'] as const) {
    if (asked[field] === undefined || asked[field] === existing[field]) continue;
    throw new LibraryError(
      'NAME_TAKEN',
      `cannot add "${existing.id}" with ${field} ${JSON.stringify(asked[field])}: it is in the cache with ` +
        `${existing[field] === undefined ? 'none' : JSON.stringify(existing[field])}; run "vmsys lib remove ${existing.id}" first`,
      { details: { library: existing.id, field } },
    );
  }
}

export const taken = (existing: Entry, source: string): LibraryError =>
  new LibraryError(
    'NAME_TAKEN',
    `cannot add ${source}: "${existing.id}" is in the cache already, from ${existing.source}; ` +
      `rename the file, or run "vmsys lib remove ${existing.id}" first`,
    { details: { library: existing.id, source: existing.source } },
  );

function inPlaceOf({ addedAt, global, entry }: Entry, successor: Entry): Entry {
  const { global: _global, entry: _entry, untried: _untried, ...rest } = successor;
  return {
    ...rest,
    ...(global !== undefined && { global }),
    ...(entry !== undefined && { entry }),
    addedAt,
  };
}
