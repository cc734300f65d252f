// What a script wrote after `import` or in `require` into the id of a module. The order: a path means a file of the
// worktree; a name means a library, then a host module, then what lies in one of the template's roots.
import { isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWithin } from '../capabilities/fs/reach.js';
import { findFile } from './find-file.js';
import type { GrantedModules } from './granted-modules.js';
import { moduleError, quote } from './module-error.js';
import type { ModuleSettings } from './module-settings.js';
import { realPathInside } from './real-path.js';

/**
 * The id of the library, or host module (`node:` and its name), of this name; `undefined` for none, and for a path.
 * The template alone decides, whatever the worktree. Throws MODULE_NOT_ALLOWED.
 */
export function findNamed(
  settings: ModuleSettings,
  host: GrantedModules,
  specifier: string,
): string | undefined {
  if (isRelative(specifier) || /^(?:\/|file:)/.test(specifier) || specifier.includes('\0')) return undefined;
  return findLibrary(settings, specifier) ?? host.find(specifier);
}

/** Whether files are looked for where no module has this name. */
export const mayBeFile = ({ resolver }: ModuleSettings, specifier: string): boolean =>
  isRelative(specifier) || /^(?:\/|file:)/.test(specifier) || resolver.roots.length > 0;

const isRelative = (specifier: string): boolean => /^\.{1,2}(?:\/|$)/.test(specifier);

/**
 * The id of the file that `specifier`, no name of a module, means in the file `referrer`: its real path, relative to
 * the worktree, so that two ways to write it are one module. Throws errors with the codes MODULE_NOT_FOUND,
 * MODULE_NOT_ALLOWED and INVALID_PATH.
 */
export function findModuleFile(settings: ModuleSettings, specifier: string, referrer: string): string {
  if (specifier.includes('\0')) throw moduleError('INVALID_PATH', `module ${quote(specifier)}: not a path`);
  const absolute = fromAbsolute(settings, specifier);
  if (absolute !== undefined) return requireFile(settings, specifier, referrer, absolute);
  if (isRelative(specifier))
    return requireFile(settings, specifier, referrer, fromReferrer(settings, specifier, referrer));
  if (specifier.startsWith('/'))
    return requireFile(settings, specifier, referrer, fromTop(settings, specifier));
  return findInRoots(settings, specifier, referrer) ?? refuse(settings, specifier);
}

/** The path, relative to the worktree, that a relative specifier means. */
function fromReferrer(settings: ModuleSettings, specifier: string, referrer: string): string {
  const library = settings.libraries.find(({ id }) => id === referrer);
  if (library !== undefined) {
    const message = `library ${library.id} asks for ${quote(specifier)}, but a library is one file`;
    throw moduleError('MODULE_NOT_FOUND', message);
  }
  return inside(specifier, join(folderOf(settings, referrer), specifier));
}

/** The folder of the file that asks, by its real path; that of the worktree for code that is no file of it. */
function folderOf({ worktree }: ModuleSettings, referrer: string): string {
  if (worktree === undefined) return '';
  const path = referrer.startsWith(worktree + sep) ? relative(worktree, referrer) : normalize(referrer);
  if (path.startsWith(sep) || path === '..' || path.startsWith(`..${sep}`)) return '';
  const real = realPathInside(worktree, path);
  return dirname(real?.kind === 'file' ? real.path : path);
}

/** The path, relative to the worktree, of an absolute one or the address of a file, where that lies in it. */
function fromAbsolute({ worktree }: ModuleSettings, specifier: string): string | undefined {
  const path = specifier.startsWith('file:') ? pathOfAddress(specifier) : specifier;
  const isInside = worktree !== undefined && isAbsolute(path) && isWithin(worktree, normalize(path));
  return isInside ? relative(worktree, normalize(path)) : undefined;
}

function fromTop({ resolver, template }: ModuleSettings, specifier: string): string {
  if (resolver.allowAbsoluteRepoImports) return inside(specifier, normalize(specifier.replace(/^\/+/, './')));
  const cure = `vmsys template update ${template} --resolver.allow-absolute-repo-imports`;
  const message = `module ${quote(specifier)}: the template does not say that "/" is the worktree; to say so: ${cure}`;
  throw moduleError('INVALID_PATH', message);
}

/** Empty where it is the address of no file. */
function pathOfAddress(address: string): string {
  try {
    const path = fileURLToPath(address);
    return path.includes('\0') ? '' : path;
  } catch {
    return '';
  }
}

function inside(specifier: string, path: string): string {
  if (path !== '..' && !path.startsWith(`..${sep}`)) return path;
  throw moduleError('INVALID_PATH', `module ${quote(specifier)}: leads out of the worktree`);
}

function requireFile(settings: ModuleSettings, specifier: string, referrer: string, path: string): string {
  if (settings.worktree === undefined) {
    const message = `cannot find module ${quote(specifier)}: the session has no worktree; create it with one`;
    throw moduleError('MODULE_NOT_FOUND', message);
  }
  const found = findFile({ ...settings, worktree: settings.worktree }, path, referrer);
  if (found !== undefined) return found;
  const tried = settings.resolver.extensions.join(', ');
  const message = `cannot find module ${quote(specifier)} from ${quote(referrer)}: no such file in the worktree, nor with one of ${tried} after it, nor a folder with an index file`;
  throw moduleError('MODULE_NOT_FOUND', message);
}

const findLibrary = ({ libraries }: ModuleSettings, specifier: string): string | undefined =>
  libraries.find(({ name }) => name === specifier)?.id;

function findInRoots(settings: ModuleSettings, specifier: string, referrer: string): string | undefined {
  const { worktree, resolver } = settings;
  if (worktree === undefined || isAddress(specifier) || specifier.split('/').includes('..')) return undefined;
  for (const root of resolver.roots) {
    const found = findFile({ ...settings, worktree }, join(root, specifier), referrer);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isAddress = (specifier: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(specifier);

/** Says what it was not, and how it could be had. */
function refuse({ template, libraries }: ModuleSettings, specifier: string): never {
  if (isBuiltin(specifier)) {
    const message = `module ${quote(specifier)} is one of Node's that vmsysd does not have; vmsys template modules lists those that can be granted`;
    throw moduleError('MODULE_NOT_ALLOWED', message);
  }
  if (isAddress(specifier)) {
    const message = `module ${quote(specifier)}: an address; import a file of the worktree by its path, or a library by its name`;
    throw moduleError('MODULE_NOT_FOUND', message);
  }
  const owner = libraries.find(({ name }) => specifier.startsWith(`${name}/`));
  if (owner !== undefined) {
    const message = `cannot find module ${quote(specifier)}: library ${owner.id} is one file, imported as ${quote(owner.name)}`;
    throw moduleError('MODULE_NOT_FOUND', message);
  }
  const name = quote(specifier);
  const library = /^(?:@[\w.-]+\/)?[\w.-]+/.exec(specifier)?.[0];
  const cure =
    library === undefined
      ? ''
      : `; to have it as a library in new sessions: vmsys lib add ${library} && vmsys template add-library ${template} ${library}`;
  const message = `cannot find module ${name}: not a library of the template, not a host module, and in none of its roots${cure}`;
  throw moduleError('MODULE_NOT_FOUND', message);
}
