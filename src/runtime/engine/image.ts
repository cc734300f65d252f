// Images: a session's memory as the pages that differ from its base, and the shadow, a whole second copy that
// outlives the thread whose instance it mirrors.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Base } from './base.js';
import { differingPages, gatherPages, liveRanges, pageBytes, scatterPages } from './pages.js';

/** What is stored of a session. */
export interface Image {
  /** `key` of the base it differs from. */
  baseKey: string;
  heapEnd: number;
  /** When it was taken, milliseconds since the epoch: timers go on with the time they had left. */
  takenAt: number;
  /** Numbers of the pages that differ, ascending. */
  pages: Uint32Array;
  /** Their bytes, in that order, raw deflate. */
  data: Uint8Array;
}

export class ImageError extends Error {
  override readonly name = 'ImageError';
}

/** Shared between a worker and the main thread: the memory as it was after the last call that left the state kept. */
export interface Shadow {
  memory: SharedArrayBuffer;
  /** Two words: `heapEnd`, and the time it was taken in seconds since the epoch. */
  head: Int32Array;
}

/** A shadow for a session of at most so many MiB; address space is reserved, memory is taken as it is used. */
export function createShadow(maxMemoryMb: number): Shadow {
  const maxByteLength = maxMemoryMb * 1024 * 1024;
  return {
    memory: new SharedArrayBuffer(0, { maxByteLength }),
    head: new Int32Array(new SharedArrayBuffer(8)),
  };
}

/**
 * Makes the shadow equal to `memory`, whose heap ends at `heapEnd`. Returns how many pages differed.
 * Costs a comparison of the live pages, about 40 µs per MiB.
 */
export function updateShadow(
  shadow: Shadow,
  memory: Uint8Array,
  base: Base,
  heapEnd: number,
  takenAt: number,
): number {
  const end = Math.ceil(heapEnd / pageBytes) * pageBytes;
  if (shadow.memory.byteLength < end) shadow.memory.grow(end);
  const copy = new Uint8Array(shadow.memory);
  const pages = differingPages(memory.subarray(0, copy.length), copy, liveRanges(base.layout, end));
  for (const page of pages) {
    copy.set(memory.subarray(page * pageBytes, (page + 1) * pageBytes), page * pageBytes);
  }
  shadow.head[0] = heapEnd;
  shadow.head[1] = Math.floor(takenAt / 1000);
  return pages.length;
}

/** The shadow as an image. */
export function imageOfShadow(shadow: Shadow, base: Base): Image {
  const heapEnd = shadow.head[0] ?? 0;
  const memory = new Uint8Array(shadow.memory);
  const pages = differingPages(memory, new Uint8Array(base.memory), liveRanges(base.layout, heapEnd));
  return {
    baseKey: base.key,
    heapEnd,
    takenAt: (shadow.head[1] ?? 0) * 1000,
    pages: Uint32Array.from(pages),
    data: deflateRawSync(gatherPages(memory, pages), { level: 1 }),
  };
}

/** Fills a fresh shadow from an image. Throws {@link ImageError} for an image that is foreign or damaged. */
export function shadowOfImage(image: Image, base: Base, maxMemoryMb: number): Shadow {
  const bytes = unpack(image, base);
  const end = Math.ceil(image.heapEnd / pageBytes) * pageBytes;
  if (end > maxMemoryMb * 1024 * 1024) {
    throw new ImageError(`image needs ${Math.ceil(end / 1048576)} MiB, the session may have ${maxMemoryMb}`);
  }
  const shadow = createShadow(maxMemoryMb);
  shadow.memory.grow(end);
  const copy = new Uint8Array(shadow.memory);
  copyBase(copy, base, end);
  scatterPages(copy, image.pages, bytes);
  shadow.head[0] = image.heapEnd;
  shadow.head[1] = Math.floor(image.takenAt / 1000);
  return shadow;
}

function unpack(image: Image, base: Base): Uint8Array {
  if (image.baseKey !== base.key) {
    throw new ImageError(`image belongs to engine ${image.baseKey}, this one is ${base.key}`);
  }
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(image.data, { maxOutputLength: image.pages.length * pageBytes + 1 });
  } catch (error) {
    throw new ImageError('image is damaged: its pages do not unpack', { cause: error });
  }
  const end = Math.ceil(image.heapEnd / pageBytes);
  const fits = image.heapEnd >= base.layout.heapStart && image.pages.every((page) => page < end);
  if (bytes.length !== image.pages.length * pageBytes || !fits) {
    throw new ImageError('image is damaged: its pages do not fit its size');
  }
  return bytes;
}

/** Copies the live pages of the base into a memory of at least `end` bytes. */
export function copyBase(target: Uint8Array, base: Base, end: number): void {
  const source = new Uint8Array(base.memory);
  for (const [start, rangeEnd] of liveRanges(base.layout, Math.min(end, base.heapEnd))) {
    target.set(source.subarray(start, Math.min(rangeEnd, source.length)), start);
  }
}
