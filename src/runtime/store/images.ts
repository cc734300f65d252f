// Images and bases in the database: the memories that sessions come back from.
import * as z from 'zod';
import type { SessionId } from '../../records/index.js';
import type { Connection } from './database.js';

/** Pages of a memory, packed; what they mean is the engine's business. */
export interface StoredPages {
  heapEnd: number;
  pages: Uint32Array;
  data: Uint8Array;
}

export interface StoredImage extends StoredPages {
  baseKey: string;
  takenAt: number;
  /** Number of the last execution whose effect is in it. */
  lastExecution: number;
}

export interface StoredBase extends StoredPages {
  key: string;
  /** What the engine needs to know of it, as JSON. */
  layout: string;
}

const PagesRow = z.object({
  heap_end: z.int(),
  pages: z.instanceof(Uint8Array),
  data: z.instanceof(Uint8Array),
});
const ImageRow = PagesRow.extend({ base_key: z.string(), taken_at: z.int(), last_execution: z.int() });
const BaseRow = PagesRow.extend({ key: z.string(), layout: z.string() });

export class ImageStore {
  readonly #findBase;
  readonly #saveBase;
  readonly #find;
  readonly #save;
  readonly #lastExecution;

  constructor(db: Connection) {
    this.#findBase = db.prepare(`SELECT * FROM bases WHERE key = ?`);
    this.#saveBase = db.prepare(
      `INSERT OR REPLACE INTO bases (key, layout, heap_end, pages, data) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#find = db.prepare(`SELECT * FROM images WHERE session_id = ?`);
    this.#save = db.prepare(
      `INSERT OR REPLACE INTO images (session_id, base_key, heap_end, taken_at, last_execution, pages, data)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#lastExecution = db
      .prepare<[string], number>(`SELECT last_execution FROM images WHERE session_id = ?`)
      .pluck();
  }

  findBase(key: string): StoredBase | undefined {
    const row = this.#findBase.get(key);
    if (row === undefined) return undefined;
    const { layout, ...rest } = BaseRow.parse(row);
    return { key, layout, ...toPages(rest) };
  }

  saveBase({ key, layout, heapEnd, pages, data }: StoredBase): void {
    this.#saveBase.run(key, layout, heapEnd, toBlob(pages), data);
  }

  find(session: SessionId): StoredImage | undefined {
    const row = this.#find.get(session);
    if (row === undefined) return undefined;
    const {
      base_key: baseKey,
      taken_at: takenAt,
      last_execution: lastExecution,
      ...rest
    } = ImageRow.parse(row);
    return { baseKey, takenAt, lastExecution, ...toPages(rest) };
  }

  save(session: SessionId, image: StoredImage): void {
    const { baseKey, heapEnd, takenAt, lastExecution, pages, data } = image;
    this.#save.run(session, baseKey, heapEnd, takenAt, lastExecution, toBlob(pages), data);
  }

  /** Number of the last execution in the session's image; 0 where it has none. */
  lastExecution(session: SessionId): number {
    return this.#lastExecution.get(session) ?? 0;
  }
}

const toBlob = (pages: Uint32Array): Uint8Array =>
  new Uint8Array(pages.buffer, pages.byteOffset, pages.byteLength);

function toPages(row: z.infer<typeof PagesRow>): StoredPages {
  // Copied, because a blob need not begin at an address that a Uint32Array may begin at.
  const pages = new Uint32Array(new Uint8Array(row.pages).buffer, 0, Math.floor(row.pages.byteLength / 4));
  return { heapEnd: row.heap_end, pages, data: row.data };
}
