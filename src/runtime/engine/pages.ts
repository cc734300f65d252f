// Memory as pages: which pages of two memories differ, and the packing of those pages. Pure.

export const pageBytes = 4096;
/** Compared at once first: most of a memory is the same, and one large comparison is cheaper than sixteen. */
const blockBytes = 16 * pageBytes;

/** Where the live bytes of a memory are: static data, then (behind the stack, which is empty between calls) the heap. */
export interface Layout {
  /** End of the static data, page-aligned. */
  staticEnd: number;
  /** Start of the heap, page-aligned downwards. */
  heapStart: number;
  /** Address of the word that holds the heap's end (the C library's program break). */
  breakAddress: number;
}

/** The live ranges of a memory whose heap ends at `heapEnd`: pairs of start and end, page-aligned. */
export function liveRanges(layout: Layout, heapEnd: number): [start: number, end: number][] {
  return [
    [0, layout.staticEnd],
    [layout.heapStart, Math.ceil(heapEnd / pageBytes) * pageBytes],
  ];
}

/**
 * The numbers of the pages in which two memories differ, ascending. Bytes past the end of either count as zero.
 * Shapes: `ranges` as of {@link liveRanges}; both memories hold the same addresses.
 */
export function differingPages(a: Uint8Array, b: Uint8Array, ranges: readonly [number, number][]): number[] {
  const left = Buffer.from(a.buffer, a.byteOffset, a.byteLength);
  const right = Buffer.from(b.buffer, b.byteOffset, b.byteLength);
  const common = Math.min(left.length, right.length);
  const pages: number[] = [];
  for (const [start, end] of ranges) {
    for (let block = start; block < end; block += blockBytes) {
      const blockEnd = Math.min(block + blockBytes, end);
      if (blockEnd <= common && left.compare(right, block, blockEnd, block, blockEnd) === 0) continue;
      for (let page = block; page < blockEnd; page += pageBytes) {
        if (pageDiffers(left, right, page, common)) pages.push(page / pageBytes);
      }
    }
  }
  return pages;
}

function pageDiffers(left: Buffer, right: Buffer, start: number, common: number): boolean {
  const end = start + pageBytes;
  if (end <= common) return left.compare(right, start, end, start, end) !== 0;
  const longer = left.length > right.length ? left : right;
  const tail = longer.subarray(Math.max(start, common), end);
  if (start < common && left.compare(right, start, common, start, common) !== 0) return true;
  return tail.some((byte) => byte !== 0);
}

const pageWords = pageBytes / 4;
const zeros = new Int32Array(pageWords);

/** A page as words; all zero where the memory ends before it. A page's address is a multiple of four. */
function wordsOf(memory: Uint8Array, page: number): Int32Array {
  const at = page * pageBytes;
  return at + pageBytes <= memory.byteLength
    ? new Int32Array(memory.buffer, memory.byteOffset + at, pageWords)
    : zeros;
}

/**
 * Exclusive-or of these pages of two memories, one page after the other. Where little differs it is mostly zeros, and
 * packs to almost nothing. A memory holds whole pages; those past its end count as zero.
 */
export function differenceOfPages(
  a: Uint8Array,
  b: Uint8Array,
  pages: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const difference = new Int32Array(pages.length * pageWords);
  for (let index = 0; index < pages.length; index++) {
    const [left, right] = [wordsOf(a, pages[index] ?? 0), wordsOf(b, pages[index] ?? 0)];
    const from = index * pageWords;
    for (let word = 0; word < pageWords; word++)
      difference[from + word] = (left[word] ?? 0) ^ (right[word] ?? 0);
  }
  return new Uint8Array(difference.buffer);
}

/** Puts these pages, whole and one after the other, where they belong in a memory. */
export function placePages(memory: Uint8Array, pages: ArrayLike<number>, bytes: Uint8Array): void {
  for (let index = 0; index < pages.length; index++) {
    const page = bytes.subarray(index * pageBytes, (index + 1) * pageBytes);
    memory.set(page, (pages[index] ?? 0) * pageBytes);
  }
}

/** Makes of the one memory the other: the inverse of {@link differenceOfPages}, in either direction. */
export function applyDifference(memory: Uint8Array, pages: ArrayLike<number>, difference: Uint8Array): void {
  for (let index = 0; index < pages.length; index++) {
    const words = wordsOf(memory, pages[index] ?? 0);
    const change = wordsOf(difference, index);
    for (let word = 0; word < pageWords; word++) words[word] = (words[word] ?? 0) ^ (change[word] ?? 0);
  }
}
