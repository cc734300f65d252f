// A path inside a worktree into the real one that it stands for. Links are followed one by one, so that nothing outside
// of the worktree is looked at: where a link leads out, the answer is the same whatever lies there.
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { moduleError, quote } from './module-error.js';

/** As many as Linux follows. */
const mostLinks = 40;

export interface RealPath {
  /** Relative to the worktree; empty for the worktree itself. */
  path: string;
  kind: 'file' | 'folder' | 'other';
}

/**
 * Where `path`, relative to the worktree and without `..`, really leads; `undefined` where there is nothing. Throws an
 * error with the code INVALID_PATH where it leads out. `worktree` is a real path.
 */
export function realPathInside(worktree: string, path: string): RealPath | undefined {
  const ahead = path.split(sep);
  let found: RealPath = { path: '', kind: 'folder' };
  let links = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (found.path === '') throw leadsOut(path);
      found = { path: found.path.split(sep).slice(0, -1).join(sep), kind: 'folder' };
      continue;
    }
    if (found.kind !== 'folder') return undefined;
    const next = join(found.path, part);
    const kind = kindOf(join(worktree, next));
    if (kind === undefined) return undefined;
    if (kind !== 'link') {
      found = { path: next, kind };
      continue;
    }
    if (++links > mostLinks)
      throw moduleError('INVALID_PATH', `path ${quote(path)}: its links lead in a circle`);
    const target = attempt(() => readlinkSync(join(worktree, next)));
    if (target === undefined) return undefined;
    if (!target.startsWith(sep)) ahead.unshift(...target.split(sep));
    else {
      ahead.unshift(...insideOf(worktree, target, path).split(sep));
      found = { path: '', kind: 'folder' };
    }
  }
  return found;
}

/** An absolute link's target, relative to the worktree. */
function insideOf(worktree: string, target: string, path: string): string {
  const folder = worktree === sep ? sep : worktree + sep;
  if (target === worktree || target.startsWith(folder)) return target.slice(folder.length);
  // It may still come back, by a link to a folder above the worktree.
  const real = attempt(() => realpathSync(target));
  if (real === worktree || real?.startsWith(folder) === true) return real.slice(folder.length);
  throw leadsOut(path);
}

function kindOf(path: string): RealPath['kind'] | 'link' | undefined {
  const stat = attempt(() => lstatSync(path));
  if (stat === undefined) return undefined;
  if (stat.isSymbolicLink()) return 'link';
  return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
}

const leadsOut = (path: string): Error =>
  moduleError('INVALID_PATH', `path ${quote(path)}: leads out of the worktree`);

/** What is not there, or may not be seen, is nothing. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'].includes(code))
      return undefined;
    throw error;
  }
}
