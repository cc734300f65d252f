// A socket path to a connection, with a daemon started where none answers and that is allowed.
import { fileURLToPath } from 'node:url';
import { connect, type Client } from '../rpc/client.js';
import { defaultSocketPath } from '../rpc/socket-path.js';
import type { Environment } from './context.js';
import { isAbsence, NoDaemon } from './fault.js';
import { groupOfSocket } from './service/shared-socket.js';
import { startDaemon } from './start-daemon.js';
import { startBySystemd, watchStart } from './systemd.js';

/** The daemon's program, seen from `dist/cli`. */
const daemonProgram = fileURLToPath(new URL('../../bin/vmsysd.js', import.meta.url));

const gaveUp =
  'vmsys: systemd had given up on vmsysd; it was started again (see "journalctl --user -u vmsysd" for the reason)';

const isSlow =
  'vmsys: systemd is still trying to start vmsysd; "vmsys service doctor" says what is wrong, if it goes on';

const noShared = (socketPath: string, group: string): string =>
  `nobody listens at ${socketPath}, where the service of the group ${group} would; "sudo vmsys service doctor --system --group ${group}" looks for the reason`;

export interface ConnectOptions {
  socketPath: string;
  /** Whether a daemon may be started. */
  mayStart: boolean;
  env: Environment;
  uid: number;
  signal: AbortSignal;
  /** Told what had to be done beside connecting. */
  warn: (line: string) => void;
  /** Told what may help somebody who waits. */
  hint: (line: string) => void;
}

/** Connects; rejects with a ConnectionError, or with NoDaemon where a daemon was started in vain. */
export async function connectOrStart(options: ConnectOptions): Promise<Client> {
  const client = await connectAnyhow(options);
  if (isUsual(options)) void client.closed.then(watchStart(options.env, () => options.hint(isSlow)));
  return client;
}

/** The units listen on the default socket only; any other is for a daemon of its own. */
function isUsual({ socketPath, env, uid }: ConnectOptions): boolean {
  const { VMSYS_SOCKET: _, ...environment } = env;
  return socketPath === defaultSocketPath(environment, uid);
}

async function connectAnyhow(options: ConnectOptions): Promise<Client> {
  const { socketPath, mayStart, env, signal, warn } = options;
  try {
    return await connect(socketPath, { signal });
  } catch (error) {
    if (!isAbsence(error)) throw error;
    // That one is systemd's to start, and its folder root's.
    const group = groupOfSocket(socketPath);
    if (group !== undefined) throw new NoDaemon(noShared(socketPath, group));
    if (!mayStart) throw error;
  }
  if (isUsual(options)) {
    const start = await startBySystemd(env, signal);
    if (start.kind === 'failed') throw new NoDaemon(start.message);
    if (start.kind === 'started') {
      if (start.hadFailed) warn(gaveUp);
      return connect(socketPath, { signal });
    }
  }
  return startDaemon({ socketPath, program: daemonProgram, env, signal });
}
