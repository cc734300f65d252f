// How long no daemon was there, in all: timers of sessions stand still meanwhile. One row in the database.
import type { Connection } from './database.js';

export class PresenceStore {
  readonly #seen;
  /** Milliseconds, up to the moment when this store was opened. */
  readonly absentMs: number;

  constructor(db: Connection, now: number) {
    const last = db
      .prepare<[], { absentMs: number; seenAt: number }>(
        `SELECT absent_ms AS absentMs, seen_at AS seenAt FROM presence`,
      )
      .get();
    this.absentMs = last === undefined ? 0 : last.absentMs + Math.max(0, now - last.seenAt);
    this.#seen = db.prepare(`INSERT OR REPLACE INTO presence (id, absent_ms, seen_at) VALUES (1, ?, ?)`);
    this.seen(now);
  }

  /** Writes that the daemon is there. After one that was killed, its absence counts from the last time. */
  seen(now: number): void {
    this.#seen.run(this.absentMs, now);
  }
}
