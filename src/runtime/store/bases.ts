// Bases in the database: the fresh memories that all images of this database differ from.
import * as z from 'zod';
import type { Connection } from './database.js';
import { fromBlob, toBlob } from './pages-blob.js';

export interface StoredBase {
  key: string;
  /** What the engine needs to know of it, as JSON. */
  layout: string;
  heapEnd: number;
  pages: Uint32Array;
  data: Uint8Array;
}

const BaseRow = z.object({
  key: z.string(),
  layout: z.string(),
  heap_end: z.int(),
  pages: z.instanceof(Uint8Array),
  data: z.instanceof(Uint8Array),
});

export class BaseStore {
  readonly #find;
  readonly #save;

  constructor(db: Connection) {
    this.#find = db.prepare(`SELECT * FROM bases WHERE key = ?`);
    this.#save = db.prepare(
      `INSERT OR REPLACE INTO bases (key, layout, heap_end, pages, data) VALUES (?, ?, ?, ?, ?)`,
    );
  }

  find(key: string): StoredBase | undefined {
    const row = this.#find.get(key);
    if (row === undefined) return undefined;
    const { layout, heap_end: heapEnd, pages, data } = BaseRow.parse(row);
    return { key, layout, heapEnd, pages: fromBlob(pages), data };
  }

  save({ key, layout, heapEnd, pages, data }: StoredBase): void {
    this.#save.run(key, layout, heapEnd, toBlob(pages), data);
  }
}
