// What the cache cannot give to the error that says why and what to do next.
import { LibraryError, messageOf, unavailable } from './errors.js';
import { brief, type Content } from './files.js';
import { localPath, type Entry } from './manifest.js';

/** Nothing in the manifest has this id or name. */
export function notFound(library: string): never {
  throw new LibraryError(
    'LIBRARY_NOT_FOUND',
    `there is no library "${library}" in the cache; run "vmsys lib add ${library}"`,
    { details: { library } },
  );
}

/** Something that was pinned is in the manifest no more. */
export function notHere(id: string): never {
  const message = `library "${id}" is not in the cache any more; run "vmsys lib add ${id}"`;
  throw unavailable('missing', message, { details: { library: id } });
}

/** It is there, but it was never evaluated. */
export const unchecked = (entry: Entry): LibraryError =>
  unavailable(
    'unchecked',
    `library "${entry.id}" was fetched where there is no engine, and has not been tried in one; ` +
      `run "vmsys lib add ${localPath(entry) ?? entry.id}"`,
    { details: { library: entry.id } },
  );

/** It is there, and not what was pinned. */
export const otherContent = ({ id, integrity }: Entry, wanted: string): LibraryError =>
  new LibraryError(
    'INTEGRITY_MISMATCH',
    `library "${id}" is not what was asked for (expected ${brief(wanted)}, the cache has ${brief(integrity)}): ` +
      'it has changed since; add it to the template again',
    { details: { library: id, expected: wanted, actual: integrity } },
  );

/** Its file is not what the manifest says. */
export function damaged({ id, file }: Entry, content: Exclude<Content, { kind: 'ok' }>): LibraryError {
  const message = `library "${id}": ${content.problem}; run "vmsys lib sync" to fetch it again`;
  const details = { library: id, file, problem: content.problem };
  switch (content.kind) {
    case 'missing':
      return unavailable('missing', message, { details });
    case 'unreadable':
      return unavailable('disk', message, { details });
    case 'mismatch':
      return new LibraryError('INTEGRITY_MISMATCH', message, { details });
  }
}

/** What of a sync did not work; the rest was done. */
export function incomplete(failures: readonly { library: string; error: unknown }[]): LibraryError {
  const all = failures.map(({ library, error }) => ({
    library,
    code: error instanceof LibraryError ? error.code : undefined,
    reason: error instanceof LibraryError ? error.details?.['reason'] : undefined,
    message: messageOf(error),
  }));
  const first = failures[0]?.error;
  const reason = all.find((failure) => failure.reason !== undefined)?.reason;
  return new LibraryError(
    'LIBRARY_UNAVAILABLE',
    `could not get ${all.map(({ library }) => library).join(', ')}; the rest is there. ${all[0]?.message ?? ''}`,
    { details: { reason: reason ?? 'fetch', failures: all }, cause: first },
  );
}
