// A path without its ending, or of a folder, into the file of the worktree that it means: as written, then with each of
// the template's extensions, then the folder's index.
import { extname, join } from 'node:path';
import { shellWord } from '../../records/grant-command.js';
import { isTypeScript } from './file-kind.js';
import { moduleError, quote } from './module-error.js';
import type { ModuleSettings } from './module-settings.js';
import { realPathInside } from './real-path.js';

/** Of these endings TypeScript writes the JavaScript one in its imports. */
const typescriptEndings: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' };

/**
 * The real path, relative to the worktree, of the file that `path` means to `referrer`; `undefined` where there is
 * none. Throws an error with the code INVALID_PATH where it leads out, or to a file that the template does not run.
 */
export function findFile(
  settings: ModuleSettings & { worktree: string },
  path: string,
  referrer: string,
): string | undefined {
  const { worktree, resolver } = settings;
  const isFile = (candidate: string): string | undefined => {
    const found = realPathInside(worktree, candidate);
    return found?.kind === 'file' ? found.path : undefined;
  };
  const written = extname(path);
  const typescript = isTypeScript(referrer) ? typescriptEndings[written] : undefined;
  const candidates = [
    path,
    ...(typescript === undefined ? [] : [path.slice(0, -written.length) + typescript]),
    ...resolver.extensions.map((extension) => path + extension),
    ...resolver.extensions.map((extension) => join(path, `index${extension}`)),
  ];
  for (const candidate of candidates) {
    const found = isFile(candidate);
    if (found !== undefined) return requireRunnable(settings, found);
  }
  return undefined;
}

/** `path` itself. Throws INVALID_PATH where the template does not run files with this ending. */
export function requireRunnable({ resolver, template }: ModuleSettings, path: string): string {
  const ending = extname(path);
  if (ending === '.json' || resolver.extensions.includes(ending)) return path;
  const more = [...resolver.extensions, ending].join(',');
  const cure =
    ending === ''
      ? ''
      : `; to allow it: vmsys template update ${template} --resolver.extensions ${shellWord(more)}`;
  const expected = `expected a name that ends in ${[...resolver.extensions, '.json'].join(', ')}`;
  throw moduleError('INVALID_PATH', `file ${quote(path)}: ${expected}${cure}`);
}
