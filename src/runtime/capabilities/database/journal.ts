// The rollback journal beside a database, looked at before SQLite reads it. A journal can name a file of its own choice,
// the super-journal of databases that were changed together: whoever plays it back removes that file. Databases of
// scripts are changed alone, so a journal of theirs names none, and one that does is not played back.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Ends a journal that names another: https://sqlite.org/fileformat2.html#the_rollback_journal */
const magic = Buffer.from('d9d505f920a163d7', 'hex');

/** Whether the journal of the database at this path names a super-journal. */
export function namesAnother(database: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(`${database}-journal`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return false; // there is none, or none that SQLite would open
  }
  try {
    const { size } = fstatSync(descriptor);
    const end = Buffer.alloc(magic.length);
    readSync(descriptor, end, 0, end.length, Math.max(0, size - end.length));
    return end.equals(magic);
  } finally {
    closeSync(descriptor);
  }
}
