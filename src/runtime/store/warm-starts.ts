// Warm starts in the database: the image after a template's startup, and the executions that led to it.
import * as z from 'zod';
import { Event, Execution, type TemplateId } from '../../records/index.js';
import type { Connection } from './database.js';

export interface WarmStart {
  image: number;
  /** When the image was taken, milliseconds since the epoch. */
  takenAt: number;
  /** What each session made from it is recorded to have run, with its events. */
  executions: { execution: Execution; events: Event[] }[];
}

const Executions = z.array(z.object({ execution: Execution, events: z.array(Event) }));
/** Kept for one template: startup files that change all day must not pile up. */
const keptAtMost = 4;

export class WarmStartStore {
  readonly #find;
  readonly #touch;
  readonly #insert;
  readonly #surplus;
  readonly #delete;
  readonly #hasImage;

  constructor(db: Connection) {
    this.#find = db.prepare<[string], { image: number; takenAt: number; executions: string }>(
      `SELECT image, taken_at AS takenAt, executions FROM warm_starts JOIN images ON number = image WHERE key = ?`,
    );
    this.#touch = db.prepare(`UPDATE warm_starts SET used_at = ? WHERE key = ?`);
    this.#insert = db.prepare(
      `INSERT OR REPLACE INTO warm_starts (key, template_id, image, executions, used_at) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#surplus = db.prepare<[string], { key: string; image: number }>(
      `SELECT key, image FROM warm_starts WHERE template_id = ? ORDER BY used_at DESC LIMIT -1 OFFSET ${keptAtMost}`,
    );
    this.#delete = db.prepare(`DELETE FROM warm_starts WHERE key = ?`);
    this.#hasImage = db.prepare<[number], number>(`SELECT 1 FROM warm_starts WHERE image = ?`).pluck();
  }

  find(key: string, now: number): WarmStart | undefined {
    const row = this.#find.get(key);
    if (row === undefined) return undefined;
    this.#touch.run(now, key);
    return { ...row, executions: Executions.parse(JSON.parse(row.executions)) };
  }

  insert(key: string, template: TemplateId, { image, executions }: WarmStart, now: number): void {
    this.#insert.run(key, template, image, JSON.stringify(executions), now);
  }

  /** Forgets all but the last used of a template; answers the images that may be dropped with them. */
  trim(template: TemplateId): number[] {
    return this.#surplus.all(template).map(({ key, image }) => {
      this.#delete.run(key);
      return image;
    });
  }

  /** Whether this image is a template's. */
  hasImage(image: number): boolean {
    return this.#hasImage.get(image) !== undefined;
  }

  delete(key: string): void {
    this.#delete.run(key);
  }
}
