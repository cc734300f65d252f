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
  const isWritten = new Set(written);
  const read = outermost([...written, ...pathsOf(wanted, false)]).filter((path) => !isWritten.has(path));
  return [
    ...collapse(read, apart).map((path) => ({ path, write: false })),
    ...written.map((path) => ({ path, write: true })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const pathsOf = (wanted: readonly PathGrant[], write: boolean): string[] =>
  wanted.filter((grant) => grant.write === write).map(({ path }) => path);

/** The paths that lie in no other; each once. */
function outermost(paths: readonly string[]): string[] {
  // With a slash at its end a folder sorts right before all that is in it.
  const inOrder = paths.map((path) => (path === '/' ? path : `${path}/`)).toSorted();
  const outer: string[] = [];
  for (const path of inOrder) {
    const last = outer.at(-1);
    if (last === undefined || !path.startsWith(last)) outer.push(path);
  }
  return outer.map((path) => (path === '/' ? path : path.slice(0, -1)));
}

/** The deepest folders first: one that is granted counts in the folder around it. */
function collapse(paths: readonly string[], apart: readonly string[]): string[] {
  const levels: Map<string, string[]>[] = [];
  const add = (path: string): void => {
    const folder = dirname(path);
    const level = (levels[depthOf(folder)] ??= new Map<string, string[]>());
    const siblings = level.get(folder);
    if (siblings === undefined) level.set(folder, [path]);
    else siblings.push(path);
  };
  for (const path of outermost(paths)) add(path);
  const granted: string[] = [];
  for (let depth = levels.length - 1; depth >= 0; depth--) {
    for (const [folder, inside] of levels[depth] ?? []) {
      const isFull = inside.length > mostSiblings && folder !== '/';
      if (isFull && !apart.some((kept) => isWithin(folder, kept))) add(folder);
      else granted.push(...inside);
    }
  }
  return outermost(granted);
}

function depthOf(folder: string): number {
  let depth = 0;
  for (let at = folder.indexOf('/'); at !== -1; at = folder.indexOf('/', at + 1)) depth += 1;
  return folder === '/' ? 0 : depth;
}
