// Where standard error leads: to the journal, to a file, or to somebody who reads it.
import { fstatSync, readlinkSync, type BigIntStats } from 'node:fs';

export interface LogTarget {
  kind: 'journal' | 'file' | 'stderr';
  /** Of the file. */
  path?: string;
}

/**
 * What the descriptor is. `journalStream` is `$JOURNAL_STREAM`, `device:inode`: children inherit the variable with
 * other descriptors behind it, so both are compared (systemd.exec(5)).
 */
export function findLogTarget(descriptor: number, journalStream: string | undefined): LogTarget {
  let facts: BigIntStats;
  try {
    facts = fstatSync(descriptor, { bigint: true });
  } catch {
    return { kind: 'stderr' }; // it was closed before we began
  }
  if (journalStream === `${facts.dev}:${facts.ino}`) return { kind: 'journal' };
  if (!facts.isFile()) return { kind: 'stderr' };
  try {
    return { kind: 'file', path: readlinkSync(`/proc/self/fd/${descriptor}`) };
  } catch {
    return { kind: 'stderr' };
  }
}
