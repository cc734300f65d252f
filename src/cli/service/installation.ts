// This process to the installation it belongs to: where Node and the programs are, by their real paths, and which
// folders hold the native code that a sandbox must let them load.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export interface Installation {
  version: string;
  /** The Node that runs this. */
  node: string;
  /** The folder of the package, with `bin/` and `contrib/`. */
  root: string;
  /** Files and folders from which the daemon runs programs or loads native code, the system's own aside. */
  programs: readonly string[];
}

const PackageJson = z.object({ version: z.string() });

/** Where the units' `ExecPaths=` begin: what lies below them needs no mention. */
const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib64'];

/** Looks at the running process and at the disk; nothing is changed. */
export function findInstallation(): Installation {
  const root = realpathSync(fileURLToPath(new URL('../../..', import.meta.url)));
  const node = realpathSync(process.execPath);
  const { version } = PackageJson.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const programs = [node, packagesFolder(root), ...linkedPackages(root), ...librariesOf(node)];
  return {
    version,
    node,
    root,
    programs: outermost(programs.filter((path) => !systemFolders.some((folder) => isWithin(path, folder)))),
  };
}

/** The package with all that it depends on: npm may have put that beside it, pnpm into a store around it. */
function packagesFolder(root: string): string {
  if (existsSync(join(root, 'node_modules', 'better-sqlite3'))) return root;
  let found = root;
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    if (['node_modules', '.pnpm'].includes(basename(folder))) found = folder;
  }
  return found;
}

/** Where `node_modules` is a link, as in a work tree that borrows another's, its target counts. */
const linkedPackages = (root: string): string[] => {
  const folder = join(root, 'node_modules');
  return existsSync(folder) ? [realpathSync(folder)] : [];
};

/** Folders of the shared libraries of this Node: a Homebrew or Nix build brings its own. See proc_pid_maps(5). */
function librariesOf(node: string): string[] {
  const files = readFileSync('/proc/self/maps', 'utf8').match(/(?<= )\/.*\.so\b.*$/gm) ?? [];
  return [...new Set(files)].filter((file) => file !== node && existsSync(file)).map(folderOf);
}

const folderOf = (file: string): string => dirname(realpathSync(file));

/** The paths of which none lies below another, each once. */
const outermost = (paths: readonly string[]): string[] =>
  [...new Set(paths)].filter((path) => !paths.some((other) => other !== path && isWithin(path, other)));

/** Whether `path` is `folder` or lies below it; both absolute. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../'));
}

/** Whether a path is where the service has a folder of its own instead. */
export const isTemporary = (path: string): boolean =>
  ['/tmp', '/var/tmp'].some((folder) => isWithin(path, folder));
