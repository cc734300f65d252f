// Settings to the sole right to a database and a socket: two claims, taken together, given up together. A daemon that
// systemd listens for waits for another one, so that no client is turned into a start that fails.
import { join } from 'node:path';
import { claimPatiently, type Claim, type Holder, type Taken } from './claim.js';
import { StartError } from './errors.js';

export interface Ownership {
  /** Lets a daemon that starts meanwhile wait for this one instead of giving up. */
  markStopping(): void;
  /** Gives both claims up. Idempotent. */
  release(): void;
}

export interface OwnershipOptions {
  stateDir: string;
  socketPath: string;
  /** Whether it makes the socket itself. One that systemd listens on is systemd's, and often out of reach. */
  makesSocket: boolean;
  startedAt: Date;
  /** How long to wait for a daemon that is on its way out. */
  patienceMs: number;
}

/** The lock that says who owns a socket, and the record beside it. */
const socketClaim = (socketPath: string): [string, string] => [`${socketPath}.lock`, `${socketPath}.json`];

/** The socket, and what says whose it is. */
export const socketFiles = (socketPath: string): string[] => [socketPath, ...socketClaim(socketPath)];

/** Claims the database's folder, and the socket that it makes, for this process, or throws StartError that says who has them. */
export async function takeOwnership(options: OwnershipOptions): Promise<Ownership> {
  const { stateDir, socketPath, makesSocket, startedAt, patienceMs } = options;
  const holder: Holder = { pid: process.pid, socketPath, stateDir, startedAt: startedAt.toISOString() };
  const take = async (
    lockPath: string,
    recordPath: string,
    describe: (taken: Taken) => string,
  ): Promise<Claim> => {
    const result = await claimPatiently(lockPath, recordPath, { holder, patienceMs });
    if ('holder' in result) throw new StartError('UNAVAILABLE', describe(result));
    return result;
  };
  const database = await take(
    join(stateDir, 'vmsysd.lock'),
    join(stateDir, 'daemon.json'),
    ({ holder: other }) =>
      `another vmsysd ${who(other)} has the database in ${stateDir}` +
      `${other === undefined ? '' : ` and listens on ${other.socketPath}`}; use it, stop it, or name another folder with --state-dir`,
  );
  let socket: Claim | undefined;
  try {
    if (makesSocket)
      socket = await take(
        ...socketClaim(socketPath),
        ({ holder: other }) =>
          `another vmsysd ${who(other)} listens on ${socketPath}` +
          `${other === undefined ? '' : ` with the database in ${other.stateDir}`}; use it, stop it, or name another path with --socket`,
      );
  } catch (error) {
    database.release();
    throw error;
  }
  return {
    markStopping: () => {
      database.update({ ...holder, stopping: true });
      socket?.update({ ...holder, stopping: true });
    },
    release: () => {
      socket?.release();
      database.release();
    },
  };
}

/** How often a claim is tried again. */
const retryMs = 250;

/**
 * As `takeOwnership`, but tries again until `patienceMs` are over, and calls `onTaken` when the first try fails, with
 * the reason.
 */
export async function outwaitOwner(
  options: OwnershipOptions,
  patienceMs: number,
  onTaken: (reason: StartError) => Promise<void>,
): Promise<Ownership> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await takeOwnership(options);
    } catch (error) {
      if (!(error instanceof StartError) || performance.now() > deadline) throw error;
      if (attempt === 1) await onTaken(error);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

const who = (holder: Holder | undefined): string =>
  holder === undefined ? '(its pid is not known yet)' : `(pid ${holder.pid}, since ${holder.startedAt})`;
