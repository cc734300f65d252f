// Changes of a session's memory as they are stored: mostly zeros, so that they pack to a fraction of their pages.
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { Undo } from './engine/image.js';
import { openPages, sealPages } from './engine/sealed-pages.js';
import type { StoredUndo } from './store/states.js';
import type { HistoryEntry } from './undo-history.js';

// Packed on another thread: a busy session's changes add up to megabytes.
const deflate = promisify(deflateRaw);

export async function packUndo({ number, execution, undo }: HistoryEntry): Promise<StoredUndo> {
  const { heapEnd, pages, data } = undo;
  const sealed = sealPages(heapEnd, pages, await deflate(data, { level: 1 }));
  return { number, ...sealed, ...(execution === undefined ? {} : { execution }) };
}

/** Throws ImageError where the stored bytes are damaged. */
export function unpackUndo(stored: StoredUndo): Undo {
  const data = openPages(stored);
  return { heapEnd: stored.heapEnd, pages: Uint32Array.from(stored.pages), data };
}
