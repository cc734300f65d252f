// A thing of which there may be one owner (a database, a socket) to a claim that this daemon holds for its life.
// The lock decides; the record beside it only says to others who holds it.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { acquireLock } from '../runtime/store/lock.js';
import { systemCode } from './errors.js';

const Holder = z.object({
  pid: z.int(),
  socketPath: z.string(),
  stateDir: z.string(),
  startedAt: z.string(),
  /** Whether it is on its way out: then waiting for it makes sense. */
  stopping: z.boolean().optional(),
});
export type Holder = z.infer<typeof Holder>;

export interface Claim {
  /** Writes the record anew. */
  update(holder: Holder): void;
  /** Removes the record and gives the lock up. Idempotent. */
  release(): void;
}

/** Who has it, as far as can be read: the record may be missing or stale for a moment. */
export interface Taken {
  holder: Holder | undefined;
}

/** Claims what `lockPath` stands for, and writes `holder` to `recordPath`; or says who was faster. */
export function claim(lockPath: string, recordPath: string, holder: Holder): Claim | Taken {
  const lock = acquireLock(lockPath);
  if (lock === undefined) return { holder: readHolder(recordPath) };
  let held = true;
  const update = (next: Holder): void => {
    if (held) writeAtomically(recordPath, `${JSON.stringify(next)}\n`);
  };
  const release = (): void => {
    if (!held) return;
    held = false;
    rmSync(recordPath, { force: true });
    lock.release();
  };
  try {
    update(holder);
  } catch (error) {
    release();
    throw error;
  }
  return { update, release };
}

/** The lock is tried this often while its holder is waited for. */
const retryMs = 25;
/** A holder that has only just taken the lock has said within this time who it is. */
const introductionMs = 500;

/**
 * As `claim`, but waits up to `patienceMs` for a holder that says it is stopping, and a moment for one that has not
 * yet said who it is.
 */
export async function claimPatiently(
  lockPath: string,
  recordPath: string,
  { holder, patienceMs }: { holder: Holder; patienceMs: number },
): Promise<Claim | Taken> {
  const start = Date.now();
  for (;;) {
    const result = claim(lockPath, recordPath, holder);
    if (!('holder' in result)) return result;
    const known = result.holder !== undefined && isAlive(result.holder.pid);
    const waitMs = !known ? introductionMs : result.holder?.stopping === true ? patienceMs : 0;
    if (Date.now() - start >= waitMs) return known ? result : { holder: undefined };
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** A record may be left by a daemon that was killed. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // not written yet, or half removed: the lock alone decides
  }
}

function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
