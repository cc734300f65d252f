// Laws of memory pages, held against the slowest honest way to say the same.
import fc from 'fast-check';
import t from 'tap';
import {
  applyDifference,
  differenceOfPages,
  differingPages,
  liveRanges,
  pageBytes,
} from '#src/runtime/engine/pages.js';

type Ranges = [number, number][];

/** Page by page and byte by byte; what a memory does not have is zero. */
function naive(a: Uint8Array, b: Uint8Array, ranges: Ranges): number[] {
  const pages: number[] = [];
  for (const [start, end] of ranges) {
    for (let page = start; page < end; page += pageBytes) {
      for (let at = page; at < page + pageBytes; at++) {
        if ((a[at] ?? 0) === (b[at] ?? 0)) continue;
        pages.push(page / pageBytes);
        break;
      }
    }
  }
  return pages;
}

const mostPages = 40;
/** Lengths on and off the edges of pages. */
const length = fc.tuple(fc.nat(mostPages), fc.constantFrom(0, 0, 1, 7, pageBytes - 1));
const writes = fc.array(fc.tuple(fc.nat(mostPages * pageBytes), fc.integer({ min: 0, max: 255 })), {
  maxLength: 12,
});
const ranges = fc
  .uniqueArray(fc.nat(mostPages), { maxLength: 6 })
  .map((cuts) => cuts.toSorted((x, y) => x - y))
  .map((cuts) =>
    cuts.flatMap((start, index): Ranges => {
      const end = cuts[index + 1];
      return index % 2 === 0 && end !== undefined ? [[start * pageBytes, end * pageBytes]] : [];
    }),
  );

/** A memory inside a larger buffer, so that offsets count. */
function memoryOf([pages, more]: readonly [number, number], written: [number, number][]): Uint8Array {
  const bytes = pages * pageBytes + more;
  const memory = new Uint8Array(new ArrayBuffer(bytes + 16), 8, bytes);
  for (const [at, byte] of written) if (at < bytes) memory[at] = byte;
  return memory;
}

t.test('differing pages are exactly those in which a byte differs', async () => {
  fc.assert(
    fc.property(length, length, writes, writes, writes, ranges, (la, lb, both, onlyA, onlyB, within) => {
      const a = memoryOf(la, [...both, ...onlyA]);
      const b = memoryOf(lb, [...both, ...onlyB]);
      const found = differingPages(a, b, within);
      const expected = naive(a, b, within);
      return JSON.stringify(found) === JSON.stringify(expected);
    }),
    { numRuns: 300 },
  );
});

t.test('a difference is found in the last byte of a page, of a block and of a memory', async (t) => {
  const size = mostPages * pageBytes;
  for (const at of [0, pageBytes - 1, pageBytes, 16 * pageBytes - 1, 16 * pageBytes, size - 1]) {
    const b = new Uint8Array(size);
    b[at] = 1;
    t.strictSame(differingPages(new Uint8Array(size), b, [[0, size]]), [Math.floor(at / pageBytes)]);
    t.strictSame(differingPages(new Uint8Array(0), b, [[0, size]]), [Math.floor(at / pageBytes)]);
  }
});

t.test('the difference of pages leads from one memory to the other, and back', async () => {
  const whole = fc.nat(mostPages).map((pages) => [pages, 0] as const);
  fc.assert(
    fc.property(whole, writes, writes, (length, writtenA, writtenB) => {
      const a = memoryOf([mostPages, 0], writtenA);
      const b = memoryOf(length, writtenB);
      const pages = differingPages(a, b, [[0, a.length]]);
      const difference = differenceOfPages(a, b, pages);
      const there = memoryOf([mostPages, 0], []);
      there.set(b);
      applyDifference(there, pages, difference);
      if (!Buffer.from(there).equals(Buffer.from(a))) return false;
      applyDifference(there, pages, difference);
      return differingPages(there, b, [[0, there.length]]).length === 0;
    }),
    { numRuns: 200 },
  );
});

t.test('live ranges are whole pages, the stack left out', async (t) => {
  const layout = { staticEnd: 3 * pageBytes, heapStart: 9 * pageBytes, breakAddress: 16 };
  t.strictSame(liveRanges(layout, 9 * pageBytes + 1), [
    [0, 3 * pageBytes],
    [9 * pageBytes, 10 * pageBytes],
  ]);
  t.strictSame(liveRanges(layout, 10 * pageBytes)[1], [9 * pageBytes, 10 * pageBytes]);
});
