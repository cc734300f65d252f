// The host modules that a template may grant: their names, without what does the work. What a session's scripts can
// `import` and `require` of the host is what is on this list and granted.
import type { CatalogueEntry } from './host-module.js';

const fileFunctions = [
  ...['access', 'appendFile', 'chmod', 'close', 'copyFile', 'cp', 'exists', 'fdatasync', 'fstat', 'fsync'],
  ...['ftruncate', 'futimes', 'lstat', 'mkdir', 'mkdtemp', 'open', 'opendir', 'read', 'readFile', 'readdir'],
  ...['readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat'],
  ...['truncate', 'unlink', 'utimes', 'write', 'writeFile'],
];

/** All that there are. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'fs',
    global: { name: 'fs' },
    specifiers: {
      fs: 'fs',
      'node:fs': 'fs',
      'fs/promises': 'fs-promises',
      'node:fs/promises': 'fs-promises',
    },
    description: 'files of the worktree, and of the folders and files that capabilities of kind fs name',
    functions: fileFunctions,
  },
  {
    name: 'path',
    global: { name: 'path' },
    specifiers: { path: 'path', 'node:path': 'path', 'path/posix': 'path', 'node:path/posix': 'path' },
    description: 'joins and takes apart paths; reaches nothing',
    functions: [
      'basename',
      'dirname',
      'extname',
      'format',
      'isAbsolute',
      'join',
      'normalize',
      'parse',
      'relative',
      'resolve',
    ],
  },
  {
    name: 'buffer',
    global: { name: 'Buffer', export: 'Buffer' },
    specifiers: { buffer: 'buffer', 'node:buffer': 'buffer' },
    description: 'Node’s Buffer; reaches nothing',
    functions: ['Buffer'],
  },
  {
    name: 'exec',
    global: { name: 'exec' },
    specifiers: { exec: 'exec', child_process: 'exec', 'node:child_process': 'exec' },
    description: 'runs the programs that its config allows, without a shell, inside the worktree',
    functions: ['run', 'execFile', 'execFileSync', 'spawnSync'],
  },
  {
    name: 'database',
    global: { name: 'database' },
    specifiers: { database: 'database' },
    description: 'SQLite databases in memory, in the worktree, and where capabilities of kind fs reach',
    functions: ['open', 'query', 'exec', 'transaction', 'close'],
  },
  {
    name: 'net',
    grantedBy: 'net',
    global: { name: 'fetch', export: 'fetch' },
    moreGlobals: ['Headers', 'Response'],
    specifiers: { 'vmsys:net': 'net' },
    description: 'the function fetch, for the origins that capabilities of kind net name',
    functions: ['fetch'],
  },
];
