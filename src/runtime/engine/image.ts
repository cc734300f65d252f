// A session's memory outside its engine: the shadow, a whole copy that outlives the thread whose engine it mirrors;
// the image, its pages that differ from a reference; and undos, what led from one state of it to the next.
import { deflateRawSync } from 'node:zlib';
import type { Base } from './base.js';
import { applyDifference, differenceOfPages, differingPages, liveRanges, pageBytes } from './pages.js';
import { ImageError, openPages, requireSealed, sealPages, type SealedPages } from './sealed-pages.js';

/** A whole memory that images differ from: the base, or the memory of a template after its startup. */
export interface Reference {
  heapEnd: number;
  memory: SharedArrayBuffer;
}

/** What is stored of a session: the pages that differ from its reference, and their difference from it. */
export interface Image extends SealedPages {
  /** `key` of the base it belongs to. */
  baseKey: string;
}

/** Shared between a worker and the main thread: the memory as it was after the last call whose effect was kept. */
export interface Shadow {
  memory: SharedArrayBuffer;
  /** One word: where the heap ends. */
  head: Int32Array;
}

/** What changed from one save to the next: exclusive-or of the pages, so that applied again it leads back. */
export interface Undo {
  /** Where the heap ended before. */
  heapEnd: number;
  pages: Uint32Array<ArrayBuffer>;
  data: Uint8Array<ArrayBuffer>;
}

/** A shadow for a session of at most so many MiB; address space is reserved, memory is taken as it is used. */
export function createShadow(maxMemoryMb: number): Shadow {
  return {
    memory: new SharedArrayBuffer(0, { maxByteLength: maxMemoryMb * 1024 * 1024 }),
    head: new Int32Array(new SharedArrayBuffer(4)),
  };
}

export const isEmpty = (shadow: Shadow): boolean => shadow.memory.byteLength === 0;

export const shadowHeapEnd = (shadow: Shadow): number => shadow.head[0] ?? 0;

const wholePages = (bytes: number): number => Math.ceil(bytes / pageBytes) * pageBytes;

/**
 * Makes the shadow equal to `memory`, whose heap ends at `heapEnd`, and answers what changed.
 * Costs a comparison of the live pages, about 40 µs per MiB.
 */
export function updateShadow(shadow: Shadow, memory: Uint8Array, base: Base, heapEnd: number): Undo {
  const end = wholePages(heapEnd);
  if (shadow.memory.byteLength < end) shadow.memory.grow(end);
  const copy = new Uint8Array(shadow.memory);
  const pages = Uint32Array.from(
    differingPages(memory.subarray(0, copy.length), copy, liveRanges(base.layout, end)),
  );
  const undo = { heapEnd: shadowHeapEnd(shadow), pages, data: differenceOfPages(memory, copy, pages) };
  for (const page of pages) {
    copy.set(memory.subarray(page * pageBytes, (page + 1) * pageBytes), page * pageBytes);
  }
  shadow.head[0] = heapEnd;
  return undo;
}

/** Two changes, one after the other, as one. */
export function joinUndos(older: Undo, newer: Undo): Undo {
  const pages = Uint32Array.from(new Set([...older.pages, ...newer.pages])).toSorted();
  const place = new Map(Array.from(pages, (page, index) => [page, index]));
  const data = new Uint8Array(pages.length * pageBytes);
  for (const undo of [older, newer]) {
    applyDifference(
      data,
      undo.pages.map((page) => place.get(page) ?? 0),
      undo.data,
    );
  }
  return { heapEnd: older.heapEnd, pages, data };
}

/** Takes the shadow back over one change. Undos are applied newest first, without a gap. */
export function applyUndo(shadow: Shadow, undo: Undo): void {
  applyDifference(new Uint8Array(shadow.memory), undo.pages, undo.data);
  shadow.head[0] = undo.heapEnd;
}

/** The shadow as an image. */
export function imageOfShadow(shadow: Shadow, base: Base, reference: Reference): Image {
  const heapEnd = shadowHeapEnd(shadow);
  const memory = new Uint8Array(shadow.memory);
  const before = liveCopy(base, reference, heapEnd);
  const pages = differingPages(memory, before, liveRanges(base.layout, heapEnd));
  const numbers = Uint32Array.from(pages);
  const packed = deflateRawSync(differenceOfPages(memory, before, pages), { level: 1 });
  return { baseKey: base.key, ...sealPages(heapEnd, numbers, packed) };
}

/** The reference's bytes up to `end`; beyond its own heap it has none, whatever lies there. */
const liveCopy = (base: Base, reference: Reference, end: number): Uint8Array =>
  new Uint8Array(
    reference.memory,
    0,
    Math.min(reference.memory.byteLength, wholePages(Math.max(end, base.layout.heapStart))),
  );

/**
 * Fills an empty shadow with the reference's memory and, where there is one, the image's pages over it.
 * Throws {@link ImageError} for an image that is foreign, damaged or too large, and leaves the shadow empty then.
 */
export function fillShadow(shadow: Shadow, base: Base, reference: Reference, image?: Image): void {
  if (image !== undefined) requireSound(image, base, shadow.memory.maxByteLength);
  const bytes = image === undefined ? undefined : openPages(image);
  const heapEnd = image?.heapEnd ?? reference.heapEnd;
  shadow.memory.grow(wholePages(heapEnd));
  const copy = new Uint8Array(shadow.memory);
  copyLive(copy, base, reference, heapEnd);
  if (image !== undefined && bytes !== undefined) applyDifference(copy, image.pages, bytes);
  shadow.head[0] = heapEnd;
}

/** A whole memory as an image has it over the base: what further images may differ from. */
export function referenceOf(base: Base, image: Image): Reference {
  const shadow = {
    memory: new SharedArrayBuffer(0, { maxByteLength: wholePages(image.heapEnd) }),
    head: new Int32Array(1),
  };
  fillShadow(shadow, base, base, image);
  return { heapEnd: image.heapEnd, memory: shadow.memory };
}

/** Throws {@link ImageError} for an image that is foreign, damaged, or needs more than `maxBytes`. */
export function requireSound(image: Image, base: Base, maxBytes: number): void {
  if (image.baseKey !== base.key) {
    throw new ImageError(`image belongs to engine ${image.baseKey}, this one is ${base.key}`);
  }
  const end = wholePages(image.heapEnd);
  if (end > maxBytes) {
    throw new ImageError(
      `image needs ${Math.ceil(end / 1048576)} MiB, the session may have ${Math.floor(maxBytes / 1048576)}`,
    );
  }
  requireSealed(image);
  const fits = image.heapEnd >= base.layout.heapStart && image.pages.every((page) => page * pageBytes < end);
  if (!fits) throw new ImageError('image is damaged: its pages do not fit its size');
}

/** Copies the live bytes of a reference, up to `end`, into a memory that has room for them. */
export function copyLive(
  target: Uint8Array,
  base: Base,
  reference: Reference,
  end = reference.heapEnd,
): void {
  const source = new Uint8Array(reference.memory);
  for (const [start, rangeEnd] of liveRanges(base.layout, Math.min(end, reference.heapEnd))) {
    target.set(source.subarray(start, Math.min(rangeEnd, source.length)), start);
  }
}
