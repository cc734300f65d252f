// What a session's `import` and `require` reach, for the engine that asks: ids of modules, their source, and what host
// modules do. Files are read when they are asked for, in the worker's thread.
import { extname, join } from 'node:path';
import type { HostValue, ModuleHost, ModuleSource } from '../engine/module-host.js';
import type { RunEnd } from '../capabilities/host-module.js';
import { RuntimeError } from '../errors.js';
import { readFromWorktree } from '../worktree.js';
import { readCommonJs, refuseModuleSyntax } from './commonjs.js';
import { isModuleFile, isTypeScript } from './file-kind.js';
import { requireRunnable } from './find-file.js';
import { callHostModule } from './host-calls.js';
import { GrantedModules, type HostSide } from './granted-modules.js';
import { moduleError, quote } from './module-error.js';
import type { ModuleSettings } from './module-settings.js';
import { findModuleFile, findNamed, mayBeFile } from './resolve.js';
import { stripTypes } from './typescript.js';

/** Modules that pass on each other's exports are followed so far; names beyond are not known before they run. */
const deepestReexport = 16;

/** A module host, and what of the host its modules hold. */
export interface OpenModuleHost extends ModuleHost {
  /** Tells its modules that a run ended. */
  runEnded(end: RunEnd): void;
  /** Whether it has looked for files or called the host: what came of that holds for this session and moment only. */
  readonly hasReached: boolean;
  /** Lets go of it: the session leaves its worker. */
  close(): void;
}

/** The module host of one session; `host` is what its worker can give it of the host, where that is anything. */
export function createModuleHost(settings: ModuleSettings, host?: HostSide): OpenModuleHost {
  const granted = new GrantedModules(settings, host);

  let hasReached = false;

  const resolve = (specifier: string, referrer: string): string => {
    const named = findNamed(settings, granted, specifier);
    if (named !== undefined) return named;
    hasReached ||= mayBeFile(settings, specifier);
    return findModuleFile(settings, specifier, referrer);
  };

  const load = (id: string): ModuleSource => granted.source(id) ?? fileSource(id);

  const fileSource = (id: string): ModuleSource => {
    hasReached = true;
    const ending = extname(id);
    const text = read(settings, id);
    if (ending === '.json') return { format: 'json', code: text, filename: id };
    // A hashbang stands at the very beginning only, and the engine may put its own words before the code.
    const script = text.replace(/^#!/, '//');
    const code = isTypeScript(id) ? stripTypes(script, id) : script;
    if (isModuleFile(id, settings.esm)) return { format: 'module', code, filename: id };
    refuseModuleSyntax(code, id, settings.template);
    return { format: 'commonjs', code, filename: id, exports: [...namesOf(id, code, new Set())] };
  };

  /** The names that a CommonJS file exports, with those it passes on from others. */
  const namesOf = (id: string, code: string, seen: Set<string>): Set<string> => {
    const { exports, reexports } = readCommonJs(code);
    const names = new Set(exports);
    seen.add(id);
    if (seen.size > deepestReexport) return names;
    for (const specifier of reexports) {
      for (const name of reexportedNames(specifier, id, seen)) names.add(name);
    }
    names.delete('default');
    return names;
  };

  const reexportedNames = (specifier: string, referrer: string, seen: Set<string>): Iterable<string> => {
    try {
      const id = resolve(specifier, referrer);
      const isOther = granted.source(id) !== undefined || extname(id) === '.json';
      if (seen.has(id) || isOther || isModuleFile(id, settings.esm)) return [];
      const text = read(settings, id);
      return namesOf(id, isTypeScript(id) ? stripTypes(text, id) : text, seen);
    } catch {
      // Whoever requires it is told.
      return [];
    }
  };

  const call = (id: string, name: string, args: readonly HostValue[]): HostValue => {
    hasReached = true;
    const module = granted.nameOf(id);
    const opened = module === undefined ? undefined : granted.open(module);
    if (module === undefined || opened === undefined)
      throw moduleError('MODULE_NOT_FOUND', `cannot find module ${quote(id)}`);
    return callHostModule(opened, { module, name, args }, host);
  };

  const pathOf = (id: string): string | undefined => {
    const isFile =
      granted.source(id) === undefined && !settings.libraries.some((library) => library.id === id);
    return settings.worktree === undefined || !isFile ? undefined : join(settings.worktree, id);
  };

  return {
    resolve,
    load,
    pathOf,
    call,
    runEnded: (end) => granted.runEnded(end),
    get hasReached() {
      return hasReached;
    },
    close: () => granted.close(),
  };
}

/**
 * The text of a file. The id comes out of the session's memory, where a script may have changed it, and since it was
 * resolved the file may have gone or become a link: everything is looked at again.
 */
function read(settings: ModuleSettings, id: string): string {
  const { worktree } = settings;
  if (worktree === undefined) throw moduleError('MODULE_NOT_FOUND', `cannot find module ${quote(id)}`);
  try {
    return readFromWorktree(worktree, requireRunnable(settings, id), settings.closed);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    // Where a link leads to outside is none of the script's business.
    if (error.code === 'INVALID_PATH')
      throw moduleError('INVALID_PATH', `module ${quote(id)}: leads out of the worktree`);
    throw moduleError('MODULE_NOT_FOUND', `cannot load module: ${error.message}`);
  }
}
