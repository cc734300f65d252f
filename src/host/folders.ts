// A path to a folder that only its owner may write to: made where there is none, refused where it is not so.
import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { StartError, systemCode } from './errors.js';

/** What the folder is for, and how to name another: both for the message. */
export interface FolderUse {
  what: string;
  flag: string;
  uid: number;
}

/**
 * Makes `path` with mode 0700 where it does not exist (its missing parents as well), and throws StartError unless
 * it is a folder, owned by `uid`, that neither its group nor others may write to. File permissions are the
 * daemon's only authentication: whoever can write here could put another socket or database in place.
 */
export function ensurePrivateFolder(path: string, { what, flag, uid }: FolderUse): void {
  const refuse = (found: string, hint: string, cause?: unknown): never => {
    throw new StartError(
      'UNAVAILABLE',
      `${what} ${path}: ${found}; ${hint}, or name another folder with ${flag}`,
      {
        cause,
      },
    );
  };
  let stats: Stats;
  let owner: number;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    stats = statSync(path);
    owner = lstatSync(path).uid; // of the link itself, where it is one
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    if (code === 'EEXIST' || code === 'ENOTDIR')
      return refuse('expected a folder, found a file', 'remove it', error);
    return refuse(`cannot be made or read (${code})`, 'make it yourself with mode 0700', error);
  }
  if (stats.uid !== uid || (owner !== uid && owner !== 0)) {
    const other = stats.uid === uid ? owner : stats.uid;
    return refuse(`it belongs to user ${other}, expected user ${uid}`, 'remove it');
  }
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
    return refuse(
      `its mode is ${mode}, so that others may write to it`,
      `run "chmod 700 ${path}" if it is yours alone`,
    );
  }
}
