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

/** The bytes of these pages of a memory, one after the other. */
export function gatherPages(memory: Uint8Array, pages: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(pages.length * pageBytes);
  pages.forEach((page, index) => {
    bytes.set(memory.subarray(page * pageBytes, (page + 1) * pageBytes), index * pageBytes);
  });
  return bytes;
}

/** Puts pages back where {@link gatherPages} took them from. */
export function scatterPages(memory: Uint8Array, pages: ArrayLike<number>, bytes: Uint8Array): void {
  for (let index = 0; index < pages.length; index++) {
    memory.set(bytes.subarray(index * pageBytes, (index + 1) * pageBytes), (pages[index] ?? 0) * pageBytes);
  }
}
