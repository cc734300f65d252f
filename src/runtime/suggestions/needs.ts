// One host call into what a template must grant for it: the module, and the paths, programs and variables behind it.
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { HostCall } from '../../records/index.js';
import { catalogue } from '../capabilities/catalogue.js';
import { isWithin, neverReached } from '../capabilities/fs/reach.js';
import { Method } from '../capabilities/net/config.js';
import { parseOrigin } from '../capabilities/net/origin.js';
import { wordsOf } from './words.js';

export type Need =
  | { kind: 'module'; name: string }
  /** A real path; `module` is whose configuration says whether the worktree may be written to. */
  | { kind: 'path'; module: 'fs' | 'database'; path: string; write: boolean }
  | { kind: 'program'; program: string; first: string | undefined }
  | { kind: 'variable'; name: string }
  | { kind: 'origin'; origin: string; method: Method }
  /** What no capability covers, and why. */
  | { kind: 'never'; reason: string };

/** What of the session and the machine decides on what a path in the ledger means. */
export interface Surroundings {
  /** Absolute real path. */
  worktree: string | undefined;
  /** Real path of the daemon's home, which `~` in a grant means. */
  home: string;
  /** Real paths of folders that no grant reaches into: the daemon's own. */
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
const notFollowing = new Set(['lstat', 'mkdir', 'mkdtemp', 'readlink', 'rename', 'rm', 'rmdir', 'unlink']);
/**
 * Those for which the folder around must be granted: a grant does not let go of its own name, and what `mkdtemp` makes
 * has another name each time.
 */
const moving = new Set(['mkdtemp', 'rename', 'rm', 'rmdir', 'unlink']);
/** The ledger cuts what is longer; half a path names something else. */
const greatestTarget = 1024;

/** What must be granted for this call; what more than one call needs comes more than once. */
export function needsOf(call: HostCall, around: Surroundings): Need[] {
  if (!catalogue.some(({ name }) => name === call.module))
    return [{ kind: 'never', reason: 'no module that can be granted' }];
  // Without a target its arguments were wrong: nothing was asked for.
  if (call.module === 'net') return call.target === '' ? [] : [originNeed(call)];
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

/** The target is a method and an address without its query. */
function originNeed({ target }: HostCall): Need {
  const [method, address = ''] = target.split(' ');
  const origin = parseOrigin(address.replace(/^(https?:\/\/[^/]*).*$/s, '$1'));
  const parsed = Method.safeParse(method);
  if (origin === undefined || !parsed.success)
    return { kind: 'never', reason: 'no request of a method and to an origin that can be granted' };
  return { kind: 'origin', origin, method: parsed.data };
}

function fileNeeds(
  { call, target, path, write = changing.has(call) }: HostCall,
  around: Surroundings,
): Need[] {
  // A name that it did not have yet: the target is how it begins, and may end in the folder alone.
  const touched = call === 'mkdtemp' && target !== '' ? `${target}X` : target;
  const use = { module: 'fs', follow: !notFollowing.has(call), moves: moving.has(call) } as const;
  const first = pathNeed(touched, { ...use, write }, around);
  return path === undefined ? first : [...first, ...pathNeed(path, { ...use, write: true }, around)];
}

function databaseNeeds({ call, target, allowed, write = false }: HostCall, around: Surroundings): Need[] {
  if (call === 'open' && target !== ':memory:')
    return pathNeed(target, { module: 'database', write, follow: true, moves: false }, around);
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
    needs.push(...pathNeed(path, { module: 'fs', write: false, follow: true, moves: false }, around));
  return needs;
}

interface Use {
  module: 'fs' | 'database';
  write: boolean;
  /** Whether a link at the end of the path is followed. */
  follow: boolean;
  /** Whether it is about the name in its folder: that goes away, or is a new one each time. */
  moves: boolean;
}

function pathNeed(target: string, { module, write, follow, moves }: Use, around: Surroundings): Need[] {
  const { worktree, home, closed, realPath } = around;
  // Its arguments were wrong: nothing was touched.
  if (target === '') return [];
  if (target.length >= greatestTarget)
    return [{ kind: 'never', reason: 'the path is longer than the ledger keeps' }];
  if (worktree === undefined && (!isAbsolute(target) || isWithin('/no-worktree', target)))
    return [{ kind: 'never', reason: 'a relative path, and the session has no worktree' }];
  const absolute = resolve(worktree ?? '/', target);
  const path = follow ? realPath(absolute) : join(realPath(dirname(absolute)), basename(absolute));
  const barred = [...neverReached, ...closed];
  if (barred.some((folder) => isWithin(folder, path) || (write && isWithin(path, folder))))
    return [{ kind: 'never', reason: 'no grant reaches there' }];
  if (!moves || (worktree !== undefined && isWithin(worktree, path)))
    return [{ kind: 'path', module, path, write }];
  const folder = dirname(path);
  if (isWithin(folder, home) || (worktree !== undefined && isWithin(folder, worktree)))
    return [
      {
        kind: 'never',
        reason: 'it would take all that lies around the home or the worktree; grant a folder of its own',
      },
    ];
  return [{ kind: 'path', module, path: folder, write }];
}
