// Environment and logins to socket path: the one rule by which the daemon and its clients find each other.
import { statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** The longest path that `struct sockaddr_un` holds (unix(7)): 108 bytes with the closing NUL. */
export const maxSocketPathBytes = 107;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `$VMSYS_SOCKET`, else `vmsys/vmsysd.sock` in the runtime folder, else `/tmp/vmsys-UID/vmsysd.sock`; always absolute.
 */
export function defaultSocketPath(env: Environment, uid: number): string {
  if (env['VMSYS_SOCKET']) return resolve(env['VMSYS_SOCKET']);
  const folder = runtimeFolder(env, uid);
  return folder === undefined ? `/tmp/vmsys-${uid}/vmsysd.sock` : join(folder, 'vmsys', 'vmsysd.sock');
}

/** `$XDG_RUNTIME_DIR`, else `/run/user/UID` where it is the user's: cron and su do not set what a login does. */
export function runtimeFolder(env: Environment, uid: number): string | undefined {
  const given = env['XDG_RUNTIME_DIR'];
  // The XDG base directory specification has relative paths ignored.
  if (given && isAbsolute(given)) return given;
  const usual = `/run/user/${uid}`;
  const found = statSync(usual, { throwIfNoEntry: false });
  return found?.isDirectory() && found.uid === uid ? usual : undefined;
}

/** The same path, absolute; throws where the kernel could not hold it. */
export function checkedSocketPath(path: string): string {
  const absolute = resolve(path);
  const bytes = Buffer.byteLength(absolute);
  if (bytes > maxSocketPathBytes) {
    throw new RangeError(
      `socket path "${absolute}" has ${bytes} bytes, a Unix socket takes at most ${maxSocketPathBytes}; choose a shorter one with --socket or VMSYS_SOCKET`,
    );
  }
  return absolute;
}
