// A scope and what is to be granted to the files that should be in the unit folder, and what is there to what has to
// be done with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { isTemporary, type Installation } from './installation.js';
import type { Scope } from './scope.js';
import { bindWord, markUnit, readMark, renderUnit, unitWord } from './unit-text.js';

/** What the service may do beyond the unit itself. */
export interface Grants {
  /** Folders that sessions may write to. */
  write: readonly string[];
  net: boolean;
}

/** A file as it should be; `text` is undefined where there should be none. */
export interface UnitFile {
  /** Relative to the unit folder. */
  name: string;
  text: string | undefined;
}

const userUnits = ['vmsysd.socket', 'vmsysd.service', 'vmsys-job@.service', 'vmsys-job@.timer'];
const sharedUnits = ['vmsysd@.socket', 'vmsysd@.service'];

const dropIns = {
  write: '60-write.conf',
  net: '60-net.conf',
  /** The last one: it takes back what the others and the unit ask for. */
  noUserNamespaces: '90-no-user-namespaces.conf',
};

const dropInPath = (scope: Scope, kind: keyof typeof dropIns): string =>
  join(`${scope.serviceUnit}.d`, dropIns[kind]);

/** Every file that this scope may have, with its text where it should be there. */
export function unitFiles(
  scope: Scope,
  installation: Installation,
  { grants, userNamespaces }: { grants: Grants; userNamespaces: boolean },
): UnitFile[] {
  const template = (name: string): string =>
    markUnit(
      renderUnit(
        readFileSync(join(installation.root, 'contrib', 'systemd', name), 'utf8'),
        installation,
        scope.folders,
      ),
      installation.version,
    );
  const isUser = scope.manager === '--user';
  const optional = (kind: keyof typeof dropIns, text: () => string, wanted: boolean): UnitFile => ({
    name: dropInPath(scope, kind),
    text: wanted ? text() : undefined,
  });
  return [
    ...(isUser ? userUnits : sharedUnits).map((name) => ({ name, text: template(name) })),
    optional(
      'write',
      () => markUnit(writeDropIn(grants.write), installation.version),
      grants.write.length > 0,
    ),
    optional('net', () => template('net.conf'), grants.net),
    ...(isUser
      ? [optional('noUserNamespaces', () => template('no-user-namespaces.conf'), !userNamespaces)]
      : []),
  ];
}

const foldersLine = '# Folders: ';

/** Folders in /tmp are not in the service's own /tmp: these are brought in, the others made writable. */
function writeDropIn(folders: readonly string[]): string {
  const lines = folders.flatMap((folder) => [
    isTemporary(folder) ? `BindPaths=${bindWord(`-${folder}`)}` : `ReadWritePaths=${unitWord(`-${folder}`)}`,
    // What a session writes must not become a program.
    `NoExecPaths=${unitWord(`-${folder}`)}`,
  ]);
  const list = JSON.stringify(folders);
  return `# What "--write" granted: sessions may write there where their template allows it.\n${foldersLine}${list}\n\n[Service]\n${lines.join('\n')}\n`;
}

/** What the drop-ins that are there grant. */
export function readGrants(scope: Scope): Grants {
  const text = readUnit(join(scope.unitFolder, dropInPath(scope, 'write'))) ?? '';
  const line = text.split('\n').find((candidate) => candidate.startsWith(foldersLine));
  const write = Folders.safeParse(parseOrUndefined(line?.slice(foldersLine.length))).data ?? [];
  return { write, net: readUnit(join(scope.unitFolder, dropInPath(scope, 'net'))) !== undefined };
}

const Folders = z.array(z.string());

function parseOrUndefined(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined; // changed by hand: then it grants what it says to systemd, and nothing to us
  }
}

/** Whether the fallback for hosts without user namespaces is installed. */
export const hasFallback = (scope: Scope): boolean =>
  readUnit(join(scope.unitFolder, dropInPath(scope, 'noUserNamespaces'))) !== undefined;

/**
 * How a file on the disk relates to the one that should be there: `restamped`: another version wrote the same;
 * `older`: ours as we wrote it once; `changed`: ours, changed by hand; `foreign`: not ours.
 */
export type FileState = 'missing' | 'same' | 'restamped' | 'older' | 'changed' | 'foreign';

/** Compares what is there with what should be. */
export function fileState(found: string | undefined, wanted: string | undefined): FileState {
  if (found === undefined) return 'missing';
  if (found === wanted) return 'same';
  const mark = readMark(found);
  if (mark === undefined) return 'foreign';
  if (!mark.intact) return 'changed';
  return wanted !== undefined && readMark(wanted)?.body === mark.body ? 'restamped' : 'older';
}

/** Whether putting the file right changes what systemd reads. */
export function changesUnit({
  text,
  found,
}: {
  text: string | undefined;
  found: string | undefined;
}): boolean {
  const state = fileState(found, text);
  if (text === undefined) return state !== 'missing' && state !== 'foreign';
  return state !== 'same' && state !== 'restamped';
}

/** The text of a file, undefined where there is none. */
export function readUnit(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}
