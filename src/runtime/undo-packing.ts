// Changes of a session's memory as they are stored: mostly zeros, so that they pack to a fraction of their pages.
import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';
import { pageBytes } from './engine/pages.js';
import type { StoredUndo } from './store/states.js';
import type { HistoryEntry } from './undo-history.js';

// Packed on another thread: a busy session's changes add up to megabytes.
const deflate = promisify(deflateRaw);

export async function packUndo({ number, execution, undo }: HistoryEntry): Promise<StoredUndo> {
  const { heapEnd, pages, data } = undo;
  const packed = await deflate(data, { level: 1 });
  return { number, heapEnd, pages, data: packed, ...(execution === undefined ? {} : { execution }) };
}

/** Throws where the stored bytes are damaged. */
export function unpackUndo({ number, execution, heapEnd, pages, data }: StoredUndo): HistoryEntry {
  const bytes = inflateRawSync(data, { maxOutputLength: pages.length * pageBytes + 1 });
  if (bytes.length !== pages.length * pageBytes)
    throw new Error(`undo ${number}: its pages do not fit its size`);
  return {
    number,
    execution,
    undo: { heapEnd, pages: Uint32Array.from(pages), data: new Uint8Array(bytes) },
  };
}
