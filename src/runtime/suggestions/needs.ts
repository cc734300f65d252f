// One host call into what a template must grant for it: the module, and the paths, programs and variables behind it.
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { HostCall } from '../../records/index.js';
import { catalogue } from '../capabilities/catalogue.js';
import { isWithin, neverReached } from '../capabilities/fs/reach.js';
import { wordsOf } from './words.js';

export type Need =
  | { kind: 'module'; name: string }
  /** A real path; `module` is whose configuration says whether the worktree may be written to. */
  | { kind: 'path'; module: 'fs' | 'database'; path: string; write: boolean }
  | { kind: 'program'; program: string; first: string | undefined }
  | { kind: 'variable'; name: string }
  /** What no capability covers, and why. */
  | { kind: 'never'; reason: string };

/** What of the session and the machine decides on what a path in the ledger means. */
export interface Surroundings {
  /** Absolute real path. */
  worktree: string | undefined;
  /** Folders that no grant reaches into: the daemon's own. */
  closed: readonly string[];
  /** Where the path really is; of what is not there, where it would be. */
  realPath(path: string): string;
}

/** Functions of `fs` that change their target. */
const changing = new Set([
  ...['chmod', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'truncate', 'unlink', 'utimes', 'write'],
  'writeFile',
]);
/** Those that are about a name in its folder: what a link there leads to is nothing to them. */
const notFollowing = new Set(['lstat', 'mkdir', 'readlink', 'rename', 'rm', 'rmdir', 'unlink']);
/** The ledger cuts what is longer; half a path names something else. */
const greatestTarget = 1024;

/** What must be granted for this call; what more than one call needs comes more than once. */
export function needsOf(call: HostCall, around: Surroundings): Need[] {
  if (!catalogue.some(({ name }) => name === call.module))
    return [{ kind: 'never', reason: 'no module that can be granted' }];
  const module: Need = { kind: 'module', name: call.module };
  if (call.call === 'import') return [module];
  switch (call.module) {
    case 'fs':
      return [module, ...fileNeeds(call, around)];
    case 'database':
      return [module, ...databaseNeeds(call, around)];
    case 'exec':
      return [module, ...programNeeds(call, around)];
    default:
      return [module];
  }
}

function fileNeeds(
  { call, target, path, write = changing.has(call) }: HostCall,
  around: Surroundings,
): Need[] {
  // It will have another name the next time.
  const touched = call === 'mkdtemp' && target !== '' ? dirname(`${target}X`) : target;
  const first = pathNeed(touched, { module: 'fs', write, follow: !notFollowing.has(call) }, around);
  if (path === undefined) return first;
  const follow = call !== 'rename';
  return [...first, ...pathNeed(path, { module: 'fs', write: true, follow }, around)];
}

function databaseNeeds({ call, target, allowed, write = false }: HostCall, around: Surroundings): Need[] {
  if (call === 'open' && target !== ':memory:')
    return pathNeed(target, { module: 'database', write, follow: true }, around);
  // A statement needs what opening its database needed.
  return allowed ? [] : [{ kind: 'never', reason: 'SQL that reaches beyond its database is always refused' }];
}

function programNeeds({ target, path }: HostCall, around: Surroundings): Need[] {
  const { variables, program, first } = wordsOf(target);
  const needs: Need[] = variables.map((name) => ({ kind: 'variable', name }));
  if (program !== undefined && /\s/.test(program))
    needs.push({ kind: 'never', reason: 'a program with a space in its name cannot be granted' });
  else if (program !== undefined) needs.push({ kind: 'program', program, first });
  if (around.worktree === undefined)
    needs.push({ kind: 'never', reason: 'programs run in the worktree, and the session has none' });
  else if (path !== undefined)
    needs.push(...pathNeed(path, { module: 'fs', write: false, follow: true }, around));
  return needs;
}

interface Use {
  module: 'fs' | 'database';
  write: boolean;
  /** Whether a link at the end of the path is followed. */
  follow: boolean;
}

function pathNeed(target: string, { module, write, follow }: Use, around: Surroundings): Need[] {
  const { worktree, closed, realPath } = around;
  // Its arguments were wrong: nothing was touched.
  if (target === '') return [];
  if (target.length >= greatestTarget)
    return [{ kind: 'never', reason: 'the path is longer than the ledger keeps' }];
  if (worktree === undefined && (!isAbsolute(target) || isWithin('/no-worktree', target)))
    return [{ kind: 'never', reason: 'a relative path, and the session has no worktree' }];
  const absolute = resolve(worktree ?? '/', target);
  const path = follow ? realPath(absolute) : join(realPath(dirname(absolute)), basename(absolute));
  const barred = [...neverReached, ...closed.map(realPath)];
  if (barred.some((folder) => isWithin(folder, path) || (write && isWithin(path, folder))))
    return [{ kind: 'never', reason: 'no grant reaches there' }];
  return [{ kind: 'path', module, path, write }];
}
