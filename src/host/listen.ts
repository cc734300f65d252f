// A socket path to a listening server: a dead daemon's socket is replaced, a live one's never, and what is not a
// socket is left alone. The caller holds the socket's claim, so no second vmsysd does this at the same time.
import { lstatSync, unlinkSync, type Stats } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { StartError, systemCode } from './errors.js';

export interface Listener {
  /** Stops accepting, and removes the socket file if it is still ours. Open connections go on. Idempotent. */
  close(): void;
}

/** Connections that wait to be accepted: the system's own bound (`net.core.somaxconn`), and systemd's default. */
export const backlog = 4096;

/** A socket whose owner does not answer the kernel within this time is taken for a live one. */
const probeMs = 2000;

/**
 * Listens on `path`, with mode 0600 from the first moment, and gives each connection to `accept`. A connection that
 * could not be accepted, for want of descriptors perhaps, is told to `onError`; the next one may be.
 */
export async function listen(
  path: string,
  accept: (socket: Socket) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  await removeStale(path);
  const server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.on('error', (error) => {
      if (server.listening) onError(error);
      else
        reject(new StartError('UNAVAILABLE', `cannot listen on ${path}: ${error.message}`, { cause: error }));
    });
    // bind(2) happens within this call and takes the umask of this moment: the file is never open to others.
    const before = process.umask(0o177);
    try {
      server.listen({ path, backlog });
    } finally {
      process.umask(before);
    }
  });
  const { dev, ino } = lstatSync(path);
  let open = true;
  return {
    close: () => {
      if (!open) return;
      open = false;
      const now = statIfThere(path);
      if (now !== undefined && (now.dev !== dev || now.ino !== ino)) {
        abandon(server);
        return;
      }
      server.close(); // unlinks the path
    },
  };
}

/**
 * Closing the server would unlink the path, by its name, and the file there is another's. Nobody can reach ours any
 * more, so it may stay open until the process ends.
 */
function abandon(server: Server): void {
  server.unref();
}

/** Clears the way for a new socket, or throws StartError and touches nothing. */
async function removeStale(path: string): Promise<void> {
  const found = statIfThere(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new StartError(
      'UNAVAILABLE',
      `cannot listen on ${path}: expected a socket or nothing, found ${kindOf(found)}; remove it, or name another path with --socket`,
    );
  }
  const answer = await probe(path);
  if (answer === 'ENOENT') return;
  if (answer !== 'ECONNREFUSED') {
    throw new StartError(
      'UNAVAILABLE',
      answer === 'connected'
        ? `cannot listen on ${path}: another program answers there; stop it, or name another path with --socket`
        : `cannot listen on ${path}: whether its owner lives cannot be told (${answer}); remove the socket if nobody uses it`,
    );
  }
  unlinkSync(path);
}

/** Connects once: `connected`, or the system's code for why not. */
function probe(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const finish = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(probeMs, () => finish('ETIMEDOUT'));
    socket.once('connect', () => finish('connected'));
    socket.on('error', (error) => finish(systemCode(error) ?? error.message));
  });
}

function statIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  return stats.isFile() ? 'a file' : 'something else';
}
