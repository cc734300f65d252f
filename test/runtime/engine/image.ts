// Images: what a shadow holds comes back from its image, and what is no image of this base is refused.
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import type { Base } from '#src/runtime/engine/base.js';
import {
  applyUndo,
  createShadow,
  fillShadow,
  imageOfShadow,
  referenceOf,
  updateShadow,
  type Image,
  type Reference,
  type Shadow,
} from '#src/runtime/engine/image.js';
import { ImageError } from '#src/runtime/engine/sealed-pages.js';
import { liveRanges, pageBytes } from '#src/runtime/engine/pages.js';
import { TestSandbox, base as engineBase } from '../../fixtures/sandbox.js';

/** A base of a few pages: static data, an unused stack, a heap. */
function smallBase(): Base {
  const heapEnd = 12 * pageBytes + 100;
  const memory = new SharedArrayBuffer(13 * pageBytes);
  new Uint8Array(memory).forEach((_, at, bytes) => (bytes[at] = at % 251));
  return {
    key: 'base-1',
    layout: { staticEnd: 2 * pageBytes, heapStart: 8 * pageBytes, breakAddress: 0 },
    signature: '',
    driver: {} as Base['driver'],
    heapEnd,
    memory,
  };
}

const base = smallBase();
const memoryPages = 64;

/** The shadow that an image over a reference stands for. */
function shadowOfImage(image: Image, of: Base = base, reference: Reference = of, maxMemoryMb = 1): Shadow {
  const shadow = createShadow(maxMemoryMb);
  fillShadow(shadow, of, reference, image);
  return shadow;
}

/** The base's memory with random bytes written into it, and where its heap ends. */
const sessions = fc.record({
  writes: fc.array(fc.tuple(fc.nat(memoryPages * pageBytes - 1), fc.integer({ min: 0, max: 255 })), {
    maxLength: 40,
  }),
  heapEnd: fc.integer({ min: base.heapEnd, max: memoryPages * pageBytes }),
});

function memoryOf(writes: [number, number][]): Uint8Array {
  const memory = new Uint8Array(memoryPages * pageBytes);
  memory.set(new Uint8Array(base.memory));
  for (const [at, byte] of writes) memory[at] = byte;
  return memory;
}

/** The bytes that count: static data and heap. */
const live = (memory: Uint8Array, heapEnd: number): Buffer =>
  Buffer.concat(liveRanges(base.layout, heapEnd).map(([start, end]) => memory.subarray(start, end)));

t.test('a memory, its shadow, its image and the shadow of that hold the same', async () => {
  fc.assert(
    fc.property(fc.array(sessions, { minLength: 1, maxLength: 4 }), (steps) => {
      const shadow = createShadow(1);
      for (const { writes, heapEnd } of steps) {
        const memory = memoryOf(writes);
        updateShadow(shadow, memory, base, heapEnd);
        const image = imageOfShadow(shadow, base, base);
        const restored = shadowOfImage(image);
        const expected = live(memory, heapEnd);
        if (!expected.equals(live(new Uint8Array(shadow.memory), heapEnd))) return false;
        if (!expected.equals(live(new Uint8Array(restored.memory), heapEnd))) return false;
        if (restored.head[0] !== heapEnd || image.heapEnd !== heapEnd) return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
});

t.test('a shadow that is up to date costs no page', async (t) => {
  const shadow = createShadow(1);
  const memory = memoryOf([[9 * pageBytes, 77]]);
  t.ok(updateShadow(shadow, memory, base, base.heapEnd).pages.length > 0);
  t.equal(updateShadow(shadow, memory, base, base.heapEnd).pages.length, 0);
  memory[9 * pageBytes + 5] = 3;
  t.strictSame([...updateShadow(shadow, memory, base, base.heapEnd).pages], [9]);
});

t.test('undos, newest first, lead back through every state there was', async () => {
  fc.assert(
    fc.property(fc.array(sessions, { minLength: 1, maxLength: 5 }), (steps) => {
      const shadow = createShadow(1);
      const states: { undo: ReturnType<typeof updateShadow>; heapEnd: number; bytes: Buffer }[] = [];
      for (const { writes, heapEnd } of steps) {
        const undo = updateShadow(shadow, memoryOf(writes), base, heapEnd);
        const bytes = live(new Uint8Array(shadow.memory), heapEnd);
        states.push({ undo, heapEnd, bytes });
      }
      for (let at = states.length - 1; at > 0; at--) {
        const [now, before] = [states[at], states[at - 1]];
        if (now === undefined || before === undefined) return false;
        applyUndo(shadow, now.undo);
        if (shadow.head[0] !== before.heapEnd) return false;
        if (!before.bytes.equals(live(new Uint8Array(shadow.memory), before.heapEnd))) return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
});

t.test('an image over another memory than the base comes back over that one', async () => {
  fc.assert(
    fc.property(sessions, sessions, (first, second) => {
      const parent = createShadow(1);
      updateShadow(parent, memoryOf(first.writes), base, first.heapEnd);
      const reference = referenceOf(base, imageOfShadow(parent, base, base));
      const shadow = createShadow(1);
      updateShadow(shadow, memoryOf(second.writes), base, second.heapEnd);
      const restored = shadowOfImage(imageOfShadow(shadow, base, reference), base, reference);
      const memory = new Uint8Array(restored.memory);
      return (
        restored.head[0] === second.heapEnd &&
        live(memory, second.heapEnd).equals(live(memoryOf(second.writes), second.heapEnd))
      );
    }),
    { numRuns: 100 },
  );
});

t.test('an image holds the pages that differ from the base and no others', async (t) => {
  const shadow = createShadow(1);
  updateShadow(shadow, memoryOf([[9 * pageBytes + 1, 255]]), base, base.heapEnd);
  t.strictSame([...imageOfShadow(shadow, base, base).pages], [9]);
  updateShadow(shadow, memoryOf([]), base, base.heapEnd);
  t.strictSame([...imageOfShadow(shadow, base, base).pages], []);
});

function someImage(): Image {
  const shadow = createShadow(1);
  updateShadow(
    shadow,
    memoryOf([9, 10, 20, 30].map((page) => [page * pageBytes + 3, 200])),
    base,
    31 * pageBytes,
  );
  return imageOfShadow(shadow, base, base);
}

t.test('a foreign, a too large and a damaged image are refused, each with its reason', async (t) => {
  const image = someImage();
  t.ok(shadowOfImage(image));
  const cases: [string, Partial<Image>, RegExp][] = [
    ['another engine', { baseKey: 'base-2' }, /belongs to engine base-2, this one is base-1/],
    ['a larger memory', { heapEnd: 2 * 1024 * 1024 }, /needs 2 MiB, the session may have 1/],
    ['no deflated data', { data: new Uint8Array([255, 255, 255]) }, /damaged/],
    ['no data', { data: new Uint8Array(0) }, /damaged/],
    ['data cut off', { data: image.data.subarray(0, image.data.length / 2) }, /damaged/],
    ['too few pages', { data: deflateRawSync(new Uint8Array(pageBytes)) }, /damaged/],
    ['too many pages', { data: deflateRawSync(new Uint8Array(99 * pageBytes)) }, /damaged/],
    ['a page past the end', { pages: Uint32Array.of(9, 10, 20, 2 ** 31) }, /damaged/],
    ['a heap that ends before it begins', { heapEnd: 5 * pageBytes }, /damaged/],
  ];
  for (const [name, change, message] of cases) {
    t.throws(() => shadowOfImage({ ...image, ...change }), { name: 'ImageError', message }, name);
  }
});

t.test('random damage to an image is refused or restored whole, never worse', async () => {
  const image = someImage();
  const good = Buffer.from(new Uint8Array(shadowOfImage(image).memory));
  const spot = fc.record({ at: fc.nat(), bit: fc.nat(7), where: fc.constantFrom('data', 'pages') });
  fc.assert(
    fc.property(spot, ({ at, bit, where }) => {
      const damaged = { ...image, pages: image.pages.slice(), data: Uint8Array.from(image.data) };
      const bytes = where === 'data' ? damaged.data : new Uint8Array(damaged.pages.buffer);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      try {
        return good.equals(new Uint8Array(shadowOfImage(damaged).memory));
      } catch (error) {
        return error instanceof ImageError;
      }
    }),
    { numRuns: 500 },
  );
});

t.test('a session that goes on in another engine from its image is the same session', async (t) => {
  const first = await TestSandbox.open();
  await first.run(`let n = 40; class A { #x = 1; next() { return this.#x++; } } const a = new A(); a.next();
    function* count() { let i = 0; for (;;) yield ++i; } const it = count(); it.next(); it.next();`);
  const image = first.sandbox.image(engineBase);
  const second = await TestSandbox.open(64, shadowOfImage(image, engineBase, engineBase, 64));
  second.sandbox.resume(0);
  t.strictSame(await second.value('[++n, a.next(), it.next().value]'), [41, 2, 3]);
  t.strictSame(await first.value('[++n, a.next(), it.next().value]'), [41, 2, 3], 'and the first goes on');
});
