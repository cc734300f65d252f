// Paths that were touched into the fewest grants that cover them: what lies in a granted folder needs none of its own,
// and many files of one folder become the folder.
import { dirname } from 'node:path';
import { isWithin } from '../capabilities/fs/reach.js';

/** A real path, and whether it is written to. */
export interface PathGrant {
  path: string;
  write: boolean;
}

/** More paths of one folder than this are said by the folder. */
export const mostSiblings = 8;

/**
 * Grants for real paths. No folder that holds one of `apart` is granted because of what lies in it: the home, the
 * worktree, and with them the root.
 */
export function mergeGrants(wanted: readonly PathGrant[], apart: readonly string[]): PathGrant[] {
  const written = collapse(pathsOf(wanted, true), apart);
  const read = pathsOf(wanted, false).filter((path) => !isCovered(path, written));
  return [
    ...collapse(read, apart).map((path) => ({ path, write: false })),
    ...written.map((path) => ({ path, write: true })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const pathsOf = (wanted: readonly PathGrant[], write: boolean): string[] => [
  ...new Set(wanted.filter((grant) => grant.write === write).map(({ path }) => path)),
];

const isCovered = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(folder, path));

function collapse(paths: readonly string[], apart: readonly string[]): string[] {
  const outermost = paths.filter((path) => !paths.some((other) => other !== path && isWithin(other, path)));
  const bySize = new Map<string, number>();
  for (const path of outermost) bySize.set(dirname(path), (bySize.get(dirname(path)) ?? 0) + 1);
  const full = [...bySize].flatMap(([folder, size]) =>
    size > mostSiblings && folder !== '/' && !apart.some((kept) => isWithin(folder, kept)) ? [folder] : [],
  );
  return full.length === 0 ? outermost : collapse([...outermost, ...full], apart);
}
