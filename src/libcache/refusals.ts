// What the cache cannot give to the error that says why and what to do next.
import { shellWord } from '../records/index.js';
import { LibraryError, messageOf, unavailable } from './errors.js';
import { brief, type Content } from './files.js';
import { localPath, localVersion, type Entry } from './manifest.js';

/** What it was added by, as a word of a shell. */
const specOf = (entry: Entry): string => shellWord(localPath(entry) ?? entry.id);

/** The version of a file that no package.json is beside; to npm it would be a tag of somebody's package. */
const isOfFile = (library: string): boolean => library.endsWith(`@${localVersion}`);

const toAdd = (library: string): string =>
  isOfFile(library)
    ? 'add its file again ("vmsys lib add FILE")'
    : `run "vmsys lib add ${shellWord(library)}"`;

/** Nothing in the manifest has this id or name. */
export function notFound(library: string): never {
  throw new LibraryError(
    'LIBRARY_NOT_FOUND',
    `there is no library "${library}" in the cache; ${toAdd(library)}`,
    { details: { library } },
  );
}

/** Something that was pinned is in the manifest no more. */
export function notHere(id: string): never {
  const message = `library "${id}" is not in the cache any more; ${toAdd(id)}`;
  throw unavailable('missing', message, { details: { library: id } });
}

/** It is there, but it was never evaluated. */
export const unchecked = (entry: Entry): LibraryError =>
  unavailable(
    'unchecked',
    `library "${entry.id}" was fetched where there is no engine, and has not been tried in one; ` +
      `run "vmsys lib add ${specOf(entry)}"`,
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
export function damaged(entry: Entry, content: Exclude<Content, { kind: 'ok' }>): LibraryError {
  const { id, file } = entry;
  const message = `library "${id}": ${content.problem}; run "vmsys lib add ${specOf(entry)}" to have it again`;
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
