// Environment to socket path: the one rule by which the daemon and its clients find each other.
import { isAbsolute, join, resolve } from 'node:path';

/** The longest path that `struct sockaddr_un` holds (unix(7)): 108 bytes with the closing NUL. */
export const maxSocketPathBytes = 107;

/** `$VMSYS_SOCKET`, else `$XDG_RUNTIME_DIR/vmsys/vmsysd.sock`, else `/tmp/vmsys-UID/vmsysd.sock`; always absolute. */
export function defaultSocketPath(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  if (env['VMSYS_SOCKET']) return resolve(env['VMSYS_SOCKET']);
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  // The XDG base directory specification has relative paths ignored.
  if (runtimeDir && isAbsolute(runtimeDir)) return join(runtimeDir, 'vmsys', 'vmsysd.sock');
  return `/tmp/vmsys-${uid}/vmsysd.sock`;
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
