// Checkpoints in the database: images that a user asked to keep.
import type { Checkpoint, CheckpointId, SessionId } from '../../records/index.js';
import type { Connection } from './database.js';

/** A checkpoint and the image it keeps; none where the session was as it started. */
export interface StoredCheckpoint {
  checkpoint: Checkpoint;
  image?: number;
  /** Number of the last execution whose effect is in it, or was undone. */
  lastExecution: number;
}

interface CheckpointRow {
  number: number;
  id: CheckpointId;
  label: string | null;
  image: number | null;
  last_execution: number;
  created_at: string;
  bytes: number | null;
}

const columns = `c.number, c.id, c.label, c.image, c.last_execution, c.created_at, i.bytes`;

export class CheckpointStore {
  readonly #insert;
  readonly #find;
  readonly #list;
  readonly #images;
  readonly #deleteAll;

  constructor(db: Connection) {
    this.#insert = db.prepare(
      `INSERT INTO checkpoints (id, session_id, label, image, last_execution, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#find = db.prepare<[string, string, string], CheckpointRow>(
      `SELECT ${columns} FROM checkpoints c LEFT JOIN images i ON i.number = c.image
       WHERE c.session_id = ? AND (c.id = ? OR c.label = ?) ORDER BY c.number DESC LIMIT 1`,
    );
    this.#list = db.prepare<[string, number, number], CheckpointRow>(
      `SELECT ${columns} FROM checkpoints c LEFT JOIN images i ON i.number = c.image
       WHERE c.session_id = ? AND c.number < ? ORDER BY c.number DESC LIMIT ?`,
    );
    this.#deleteAll = db.prepare(`DELETE FROM checkpoints WHERE session_id = ?`);
    this.#images = db
      .prepare<[string], number>(
        `SELECT DISTINCT image FROM checkpoints WHERE session_id = ? AND image IS NOT NULL`,
      )
      .pluck();
  }

  insert(session: SessionId, { checkpoint: kept, image, lastExecution }: StoredCheckpoint): void {
    const { checkpoint, label, createdAt } = kept;
    this.#insert.run(checkpoint, session, label ?? null, image ?? null, lastExecution, createdAt);
  }

  /** By id, or the newest with this label. */
  find(session: SessionId, reference: string): StoredCheckpoint | undefined {
    const row = this.#find.get(session, reference, reference);
    if (row === undefined) return undefined;
    return {
      checkpoint: toCheckpoint(row),
      lastExecution: row.last_execution,
      ...(row.image === null ? {} : { image: row.image }),
    };
  }

  /** Newest first, with their numbers. */
  list(session: SessionId, before: number, limit: number): { number: number; checkpoint: Checkpoint }[] {
    return this.#list
      .all(session, before, limit)
      .map((row) => ({ number: row.number, checkpoint: toCheckpoint(row) }));
  }

  images(session: SessionId): number[] {
    return this.#images.all(session);
  }

  deleteAll(session: SessionId): void {
    this.#deleteAll.run(session);
  }
}

const toCheckpoint = (row: CheckpointRow): Checkpoint => ({
  checkpoint: row.id,
  ...(row.label === null ? {} : { label: row.label }),
  createdAt: row.created_at,
  bytes: row.bytes ?? 0,
});
