// What may replace what in the cache, as laws: whatever comes, in whatever order.
import fc from 'fast-check';
import t from 'tap';
import { contentName, integrityOf } from '#src/libcache/content-name.js';
import { LibraryError } from '#src/libcache/errors.js';
import type { Entry } from '#src/libcache/manifest.js';
import { confirmed, refused, succeed, waitingOf, type Asked } from '#src/libcache/succession.js';

interface Made {
  code: string;
  isTried: boolean;
  global: string;
  entry: string | undefined;
  from: string;
  at: number;
}

function entryOf({ code, isTried, global, entry, from, at }: Made): Entry {
  const integrity = integrityOf(Buffer.from(code));
  return {
    id: 'one@1.0.0',
    name: 'one',
    version: '1.0.0',
    source: from,
    file: contentName(integrity),
    bytes: code.length,
    integrity,
    global,
    format: 'script',
    exports: isTried ? [code] : [],
    addedAt: new Date(at).toISOString(),
    ...(entry !== undefined && { entry }),
    ...(!isTried && { checked: false as const }),
  };
}

const made = fc.record({
  code: fc.constantFrom('a', 'b', 'c'),
  isTried: fc.boolean(),
  global: fc.constantFrom('x', 'y'),
  entry: fc.constantFrom(undefined, 'e.js'),
  from: fc.constantFrom('npm:one@1.0.0', 'file:/one.js'),
  at: fc.nat(),
});
const asked = fc.record(
  { global: fc.constantFrom('x', 'y'), entry: fc.constantFrom('e.js', 'f.js') },
  { requiredKeys: [] },
);
const step = fc.record({ made, asked, isWhole: fc.boolean() });

/** What is there then, or the refusal. */
function offer(existing: Entry, { made, asked, isWhole }: { made: Made; asked: Asked; isWhole: boolean }) {
  try {
    return succeed({ existing, offered: entryOf(made), asked, isWhole });
  } catch (error) {
    if (error instanceof LibraryError && error.code === 'NAME_TAKEN') return undefined;
    throw error;
  }
}

t.test('a library keeps its names, its source and its time, whatever comes', async () => {
  fc.assert(
    fc.property(made, fc.array(step, { maxLength: 6 }), (first, steps) => {
      const start = entryOf(first);
      let now = start;
      for (const step of steps) {
        const next = offer(now, step);
        if (next === undefined) continue;
        for (const field of ['id', 'source', 'global', 'entry', 'addedAt'] as const)
          if (next[field] !== start[field]) return false;
        now = next;
      }
      return true;
    }),
  );
});

t.test('what contradicts is refused: another source, and other names than it has', async () => {
  fc.assert(
    fc.property(made, step, (first, step) => {
      const isOther = first.from !== step.made.from;
      const contradicts = (['global', 'entry'] as const).some(
        (field) => step.asked[field] !== undefined && step.asked[field] !== first[field],
      );
      return (offer(entryOf(first), step) === undefined) === (isOther || contradicts);
    }),
  );
});

t.test('what an engine has tried stays in force until another content was tried', async () => {
  fc.assert(
    fc.property(made, step, (first, step) => {
      const existing = entryOf({ ...first, isTried: true });
      const next = offer(existing, step);
      if (next === undefined) return true;
      if (next.checked === false) return false;
      if (!step.made.isTried && next.integrity !== existing.integrity) return false;
      const waiting = waitingOf(next);
      if (waiting === undefined) return true;
      const after = confirmed(next, waiting.integrity, ['tried']);
      const left = refused(next, waiting.integrity);
      return (
        after?.integrity === waiting.integrity &&
        after.checked === undefined &&
        after.exports[0] === 'tried' &&
        after.addedAt === existing.addedAt &&
        left?.integrity === existing.integrity &&
        waitingOf(left) === undefined
      );
    }),
  );
});

t.test(
  'a package that is whole and tried is not changed by fetching it again; the same offer twice is one',
  async () => {
    fc.assert(
      fc.property(made, step, (first, step) => {
        const existing = entryOf(first);
        const next = offer(existing, step);
        if (next === undefined) return true;
        const isSettled = first.isTried && first.from.startsWith('npm:') && step.isWhole;
        if (isSettled && next.integrity !== existing.integrity) return false;
        const again = offer(next, { ...step, isWhole: true });
        return again !== undefined && t.same(again, next);
      }),
    );
  },
);

t.test('what does not load and was all there was leaves nothing', async (t) => {
  const untried = entryOf({
    code: 'a',
    isTried: false,
    global: 'x',
    entry: undefined,
    from: 'npm:one@1.0.0',
    at: 0,
  });
  t.equal(refused(untried, untried.integrity), undefined);
  t.equal(refused(untried, integrityOf(Buffer.from('b'))), untried, 'another one was tried');
  t.equal(confirmed(untried, integrityOf(Buffer.from('b')), []), undefined);
});
