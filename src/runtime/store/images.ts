// Images in the database: never changed once written, shared by all that refer to one, gone with the last of them.
import * as z from 'zod';
import type { Connection } from './database.js';
import { fromBlob, toBlob } from './pages-blob.js';

export interface StoredImage {
  /** The base it belongs to. */
  baseKey: string;
  /** The image it differs from; the base itself where there is none. */
  parent?: number;
  heapEnd: number;
  /** Milliseconds since the epoch. */
  takenAt: number;
  pages: Uint32Array;
  data: Uint8Array;
}

const ImageRow = z.object({
  base_key: z.string(),
  parent: z.int().nullable(),
  heap_end: z.int(),
  taken_at: z.int(),
  pages: z.instanceof(Uint8Array),
  data: z.instanceof(Uint8Array),
});

export class ImageStore {
  readonly #find;
  readonly #insert;
  readonly #drop;
  readonly #parent;
  readonly #bytes;
  readonly #takenAt;
  readonly #sweep;

  constructor(db: Connection) {
    this.#find = db.prepare(`SELECT * FROM images WHERE number = ?`);
    this.#insert = db.prepare(
      `INSERT INTO images (base_key, parent, heap_end, taken_at, pages, data, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    const unused = `NOT EXISTS (SELECT 1 FROM states WHERE image = images.number)
      AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE image = images.number)
      AND NOT EXISTS (SELECT 1 FROM warm_starts WHERE image = images.number)
      AND NOT EXISTS (SELECT 1 FROM images AS child WHERE child.parent = images.number)`;
    this.#drop = db.prepare(`DELETE FROM images WHERE number = ? AND ${unused}`);
    this.#parent = db.prepare<[number], number | null>(`SELECT parent FROM images WHERE number = ?`).pluck();
    this.#bytes = db.prepare<[number], number>(`SELECT bytes FROM images WHERE number = ?`).pluck();
    this.#takenAt = db.prepare<[number], number>(`SELECT taken_at FROM images WHERE number = ?`).pluck();
    this.#sweep = db.prepare(`DELETE FROM images WHERE ${unused}`);
  }

  /** When it was taken, without reading it. */
  takenAt(number: number): number | undefined {
    return this.#takenAt.get(number);
  }

  find(number: number): StoredImage | undefined {
    const row = this.#find.get(number);
    if (row === undefined) return undefined;
    const {
      base_key: baseKey,
      parent,
      heap_end: heapEnd,
      taken_at: takenAt,
      pages,
      data,
    } = ImageRow.parse(row);
    return {
      baseKey,
      heapEnd,
      takenAt,
      pages: fromBlob(pages),
      data,
      ...(parent === null ? {} : { parent }),
    };
  }

  /** Writes an image; answers its number. */
  insert({ baseKey, parent, heapEnd, takenAt, pages, data }: StoredImage): number {
    const blob = toBlob(pages);
    const bytes = blob.byteLength + data.byteLength;
    const { lastInsertRowid } = this.#insert.run(
      baseKey,
      parent ?? null,
      heapEnd,
      takenAt,
      blob,
      data,
      bytes,
    );
    return Number(lastInsertRowid);
  }

  /** Bytes it takes in the database. */
  bytes(number: number): number {
    return this.#bytes.get(number) ?? 0;
  }

  /** Deletes an image that nothing refers to any more, and then its parent, if that was the last. */
  drop(number: number | undefined): void {
    for (let next: number | null | undefined = number; typeof next === 'number';) {
      const parent: number | null | undefined = this.#parent.get(next);
      if (this.#drop.run(next).changes === 0) return;
      next = parent;
    }
  }

  /** Deletes all that nothing refers to: what sessions deleted in one go leave behind. */
  sweep(): void {
    while (this.#sweep.run().changes > 0);
  }
}
