// A connection to whether its other end may use this daemon. The socket's folder and mode let nobody else in; this
// holds where they were opened by mistake.
import type { Socket } from 'node:net';
import type { Log } from './log.js';
import type { Native } from './native.js';

/** `owner`: the user who runs the daemon, nobody else, root neither. `group`: members of the daemon's group as well. */
export const peerRules = ['owner', 'group'] as const;
export type PeerRule = (typeof peerRules)[number];

export interface PeerGuardOptions {
  rule: PeerRule;
  native: Pick<Native, 'peerOf'>;
  uid: number;
  gid: number;
  log: Log;
}

/** Refusals are logged this often at most: whoever is refused may try for ever. */
const logEveryMs = 10_000;

/**
 * Whether a connection may be served; it is destroyed where not. Call it at once when the connection comes.
 *
 * In a user namespace, as with `PrivateUsers=yes`, root and all strangers are the user 65534: the kernel tells them
 * apart no more, so root is refused everywhere.
 */
export function createPeerGuard({ rule, native, uid, gid, log }: PeerGuardOptions) {
  let loggedAt = -Infinity;
  let unlogged = 0;
  return (socket: Socket): boolean => {
    const descriptor = descriptorOf(socket);
    const peer = descriptor === undefined ? undefined : native.peerOf(descriptor);
    if (peer?.uid === uid) return true;
    if (rule === 'group' && peer?.groups.includes(gid)) return true;
    socket.destroy();
    unlogged += 1;
    const now = performance.now();
    if (now - loggedAt >= logEveryMs) {
      log.warn('a connection of another user was refused', {
        uid: peer?.uid,
        pid: peer?.pid,
        expected: rule === 'owner' ? `user ${uid}` : `user ${uid} or group ${gid}`,
        refused: unlogged,
      });
      loggedAt = now;
      unlogged = 0;
    }
    return false;
  };
}

/** Node shows it to nobody, but has kept it in the same place since version 0.6 at least. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  const { fd } = handle;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
