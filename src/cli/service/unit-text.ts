// A unit of contrib/systemd, written for /usr and the usual folders, to the same for another place; and the mark by
// which a file of ours is known again. Pure. The syntax is that of systemd.syntax(7) and systemd.service(5).
import { createHash } from 'node:crypto';
import type { Installation } from './installation.js';

/** Folders that are not the usual ones; `undefined` leaves the unit's own, which begin with `%h` or `%S`. */
export interface UnitFolders {
  stateDir: string | undefined;
  cacheDir: string | undefined;
  configHome: string | undefined;
}

/** The names under which contrib/systemd knows these things. */
const usual = {
  node: '/usr/bin/node',
  root: '/usr/lib/node_modules/vmsysd',
  stateDir: '%h/.local/state/vmsys',
  cacheDir: '%h/.cache/vmsys',
  configHome: 'XDG_CONFIG_HOME=%h/.config',
} as const;

/** Puts the paths of an installation in the place of the usual ones. */
export function renderUnit(template: string, installation: Installation, folders: UnitFolders): string {
  const lines = template.split('\n');
  return lines
    .filter((line, at) => !(folders.cacheDir !== undefined && isCacheLine(line, lines[at + 1])))
    .map((line) => renderLine(line, installation, folders))
    .join('\n');
}

/** `CacheDirectory=` means the usual cache folder; with another one it goes, and the comment above it. */
const isCacheLine = (line: string, next: string | undefined): boolean =>
  line.startsWith('CacheDirectory') ||
  (line.startsWith('#') && next?.startsWith('CacheDirectory=vmsys') === true);

/** The settings that name all of an installation's programs, and how they write a path. */
const programLists: Readonly<Record<string, (path: string) => string>> = {
  ExecPaths: (path) => unitWord(path),
  BindReadOnlyPaths: (path) => bindWord(path),
};

function renderLine(line: string, installation: Installation, folders: UnitFolders): string {
  const [, key, value] = /^([A-Z]\w*)=(.+)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return line;
  const isCommand = key.startsWith('Exec') && key !== 'ExecPaths';
  const words = value.split(' ').flatMap((word, at): string[] => {
    if (programLists[key] !== undefined && word === usual.node) return [];
    if (programLists[key] !== undefined && word === usual.root)
      return installation.programs.map(programLists[key]);
    const replaced = replace(word, installation, folders);
    if (replaced === undefined) return [word];
    return [unitWord(replaced, { dollars: isCommand && at > 0 })];
  });
  return `${key}=${words.join(' ')}`;
}

/** The word with this installation's path in it; undefined where it stays as it is. */
function replace(word: string, { node, root }: Installation, folders: UnitFolders): string | undefined {
  if (word === usual.node) return node;
  if (word.startsWith(`${usual.root}/`)) return root + word.slice(usual.root.length);
  if (word === usual.stateDir) return folders.stateDir;
  if (word === usual.cacheDir) return folders.cacheDir;
  if (word === usual.configHome && folders.configHome !== undefined)
    return `XDG_CONFIG_HOME=${folders.configHome}`;
  return undefined;
}

/** A word as a unit file says it: `%` begins a specifier, in the arguments of a command `$` a variable. */
export function unitWord(text: string, { dollars = false } = {}): string {
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new RangeError(`the path ${JSON.stringify(text)} has a control character: no unit can name it`);
  }
  const plain = text.replaceAll('%', '%%').replaceAll('$', dollars ? '$$$$' : '$$');
  return /[\s"'\\;]/.test(text) ? `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : plain;
}

/** A path as `BindPaths=` and `BindReadOnlyPaths=` say it: there a colon would part it from its destination. */
export const bindWord = (path: string): string => unitWord(path).replaceAll(':', String.raw`\:`);

/** The text with a first line that says whose it is, and by which a change can be told. */
export const markUnit = (body: string, version: string): string =>
  `# Written by "vmsys service install", vmsysd ${version}, ${digest(body)}: it writes this file anew.\n${body}`;

export interface Mark {
  version: string;
  /** Whether the rest is as it was written. */
  intact: boolean;
  /** The rest: what systemd reads. */
  body: string;
}

/** Reads the mark; undefined for a file that is not ours. */
export function readMark(text: string): Mark | undefined {
  const match = /^# Written by "vmsys service install", vmsysd (\S+), ([0-9a-f]{16}): .*\n/.exec(text);
  const [line = '', version, found] = match ?? [];
  if (version === undefined) return undefined;
  const body = text.slice(line.length);
  return { version, intact: digest(body) === found, body };
}

const digest = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 16);

/** The words of a value that `unitWord` wrote: what systemd makes of them. */
export const readUnitWords = (value: string): string[] =>
  [...value.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g)].map(([whole, quoted]) =>
    (quoted?.replaceAll(/\\(.)/g, '$1') ?? whole).replaceAll('%%', '%').replaceAll('$$', () => '$'),
  );
