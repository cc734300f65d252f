// Local libraries under the hands of editors: whatever way a file is saved, one right state comes of it.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { integrityOf } from '#src/libcache/content-name.js';
import { fakeCheck, openTestCache, type TestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

interface Local extends TestCache {
  path: string;
  /** What was announced of it after it was added. */
  changes: string[];
  /** Resolves when this code of the library was announced, and it can be read. */
  settled(code: string): Promise<void>;
  /** Resolves when everything that happened before has been looked at: one more change has come through. */
  caughtUp(): Promise<void>;
}

/** A watching cache with one local library, `mine@local`, that is followed. */
async function local(t: Test, code = 'exports.v0 = 0', folder = tempFolder(t)): Promise<Local> {
  const path = join(folder, 'mine.js');
  writeFileSync(path, code);
  const test = openTestCache(t, { watch: true });
  await test.cache.add({ spec: path });
  const marker = join(tempFolder(t), 'marker.js');
  writeFileSync(marker, 'exports.at0 = 0');
  await test.cache.add({ spec: marker });
  const mine: string[] = [];
  test.cache.listen(({ change, library }) => {
    if (library.name === 'mine') mine.push(`${change} ${library.id}`);
  });
  const lastOf = (name: string) => test.events.findLast(({ library }) => library.name === name)?.library;
  const settled = async (code: string): Promise<void> => {
    await until(`the code ${code}`, () => lastOf('mine')?.integrity === integrityOf(Buffer.from(code)));
    t.equal(await test.cache.read(test.cache.get('mine')), code);
  };
  let count = 0;
  const caughtUp = async (): Promise<void> => {
    count += 1;
    writeFileSync(marker, `exports.at${count} = 0`);
    await until('the marker', () => lastOf('marker')?.exports.includes(`at${count}`));
  };
  await caughtUp();
  return { ...test, changes: mine, path, settled, caughtUp };
}

const save = {
  'in place': (path: string, code: string) => writeFileSync(path, code),
  'by rename': (path: string, code: string) => {
    writeFileSync(`${path}.swp`, code);
    renameSync(`${path}.swp`, path);
  },
  'with a backup': (path: string, code: string) => {
    renameSync(path, `${path}~`);
    writeFileSync(path, code);
  },
  'by deleting first': (path: string, code: string) => {
    unlinkSync(path);
    writeFileSync(path, code);
  },
  'by rename, with the old times': (path: string, code: string) => {
    writeFileSync(`${path}.swp`, code);
    utimesSync(`${path}.swp`, 1, 1);
    renameSync(`${path}.swp`, path);
  },
  'under another name of it': (path: string, code: string) => {
    linkSync(path, `${path}.link`);
    writeFileSync(`${path}.link`, code);
    rmSync(`${path}.link`);
  },
};

for (const [how, write] of Object.entries(save))
  t.test(`a file saved ${how}, again and again, is followed`, async (t) => {
    const { cache, path, settled, changes } = await local(t);
    const before = cache.get('mine');
    for (const version of [1, 2, 3]) {
      write(path, `exports.v${version} = 0`);
      await settled(`exports.v${version} = 0`);
    }
    t.match(cache.get('mine'), { id: before.id, addedAt: before.addedAt, exports: ['v3'] });
    t.not(cache.get('mine').integrity, before.integrity);
    t.same(changes, Array(3).fill('changed mine@local'));
  });

t.test('five changes within a second end in the last', async (t) => {
  const { path, settled, caughtUp, changes, cache } = await local(t);
  for (let version = 1; version <= 5; version += 1) {
    writeFileSync(path, `exports.v${version} = 0`);
    // The pauses of somebody who saves five times: some are longer than a burst's, some are not.
    await new Promise((resolve) => setTimeout(resolve, 40 * version));
  }
  await settled('exports.v5 = 0');
  await caughtUp();
  t.same(cache.get('mine').exports, ['v5']);
  t.ok(changes.length >= 1 && changes.length <= 5, `${changes.length} changes`);
});

t.test('a burst of changes is one change', async (t) => {
  const { path, settled, caughtUp, changes, registry } = await local(t);
  const before = registry.asked.length;
  for (let version = 1; version <= 50; version += 1) save['by rename'](path, `exports.v${version} = 0`);
  await settled('exports.v50 = 0');
  await caughtUp();
  t.same(changes, ['changed mine@local']);
  t.ok(registry.asked.filter(({ spec }, at) => at >= before && spec === path).length <= 3);
});

t.test('a change that is taken back is none', async (t) => {
  const { path, caughtUp, changes } = await local(t);
  save['by rename'](path, 'exports.v1 = 0');
  save['by rename'](path, 'exports.v0 = 0');
  await caughtUp();
  t.same(changes, []);
});

t.test('a deleted file leaves the library as it was; put back, it is followed again', async (t) => {
  const { path, settled, changes, logged, cache } = await local(t);
  rmSync(path);
  await until('the log', () =>
    logged.some((line) => /^info library "mine@local" stays.*not there/.test(line)),
  );
  t.equal(await cache.read(cache.get('mine')), 'exports.v0 = 0');
  t.same(changes, []);
  writeFileSync(path, 'exports.v1 = 0');
  await settled('exports.v1 = 0');
  rmSync(path);
  writeFileSync(path, 'exports.v2 = 0');
  await settled('exports.v2 = 0');
  t.same(changes, ['changed mine@local', 'changed mine@local']);
});

t.test('a folder that is replaced is followed', async (t) => {
  const parent = tempFolder(t);
  const folder = join(parent, 'lib');
  mkdirSync(folder);
  const { path, settled, changes } = await local(t, 'exports.v0 = 0', folder);
  for (const version of [1, 2]) {
    mkdirSync(join(parent, 'new'));
    writeFileSync(join(parent, 'new', 'mine.js'), `exports.new${version} = 0`);
    renameSync(folder, join(parent, `old${version}`));
    renameSync(join(parent, 'new'), folder);
    await settled(`exports.new${version} = 0`);
    writeFileSync(path, `exports.edited${version} = 0`);
    await settled(`exports.edited${version} = 0`);
  }
  writeFileSync(join(parent, 'old1', 'mine.js'), 'exports.old = 0');
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  writeFileSync(path, 'exports.again = 0');
  await settled('exports.again = 0');
  t.equal(changes.length, 5);
});

t.test('a folder far above that is replaced is followed', async (t) => {
  const parent = tempFolder(t);
  mkdirSync(join(parent, 'a/b/c'), { recursive: true });
  const { path, settled } = await local(t, 'exports.v0 = 0', join(parent, 'a/b/c'));
  mkdirSync(join(parent, 'n/b/c'), { recursive: true });
  writeFileSync(join(parent, 'n/b/c/mine.js'), 'exports.v1 = 0');
  renameSync(join(parent, 'a'), join(parent, 'o'));
  renameSync(join(parent, 'n'), join(parent, 'a'));
  await settled('exports.v1 = 0');
  writeFileSync(path, 'exports.v2 = 0');
  await settled('exports.v2 = 0');
});

t.test('a file that is a link is followed to what it links to, and when it links elsewhere', async (t) => {
  const [real, other, folder] = [tempFolder(t), tempFolder(t), tempFolder(t)];
  writeFileSync(join(real, 'real.js'), 'exports.v0 = 0');
  writeFileSync(join(other, 'other.js'), 'exports.other = 0');
  const path = join(folder, 'mine.js');
  symlinkSync(join(real, 'real.js'), path);
  const { settled } = await local(t, 'exports.v0 = 0', folder);
  t.equal(readFileSync(join(real, 'real.js'), 'utf8'), 'exports.v0 = 0');
  save['by rename'](join(real, 'real.js'), 'exports.v1 = 0');
  await settled('exports.v1 = 0');
  symlinkSync(join(other, 'other.js'), `${path}.new`);
  renameSync(`${path}.new`, path);
  await settled('exports.other = 0');
  writeFileSync(join(other, 'other.js'), 'exports.v2 = 0');
  await settled('exports.v2 = 0');
});

t.test('every file that it is made of is followed, and one that is missing is waited for', async (t) => {
  const { path, settled, logged, caughtUp, changes } = await local(t);
  writeFileSync(path, '// with ./part.js\n');
  await until('the reason', () =>
    logged.find((line) => /^warn library "mine@local" stays.*part\.js/.test(line)),
  );
  await caughtUp();
  t.same(changes, [], 'what cannot be made changes nothing');
  t.equal(logged.filter((line) => line.includes('part.js')).length, 1, 'said once');
  const part = join(path, '..', 'part.js');
  writeFileSync(part, 'exports.part = 0');
  await settled('// with ./part.js\nexports.part = 0');
  save['by rename'](part, 'exports.part2 = 0');
  await settled('// with ./part.js\nexports.part2 = 0');
});

t.test('code that does not load leaves the library as it was, and says so', async (t) => {
  const { path, settled, logged, cache, changes } = await local(t);
  writeFileSync(path, 'it fails');
  await until('the reason', () =>
    logged.find((line) => /mine@local.*unexpected token \(line 1\)/.test(line)),
  );
  t.equal(await cache.read(cache.get('mine')), 'exports.v0 = 0');
  t.same(changes, []);
  writeFileSync(path, 'exports.v1 = 0');
  await settled('exports.v1 = 0');
});

t.test('a library that is removed is followed no more', async (t) => {
  const { path, cache, changes, caughtUp, registry } = await local(t);
  await cache.remove('mine');
  await caughtUp();
  const before = registry.asked.filter(({ spec }) => spec === path).length;
  writeFileSync(path, 'exports.v1 = 0');
  await caughtUp();
  await caughtUp();
  t.equal(registry.asked.filter(({ spec }) => spec === path).length, before);
  t.same(changes, ['removed mine@local']);
});

t.test('what changed while nobody watched is taken up at the start', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'mine.js');
  writeFileSync(path, 'exports.v0 = 0');
  const first = openTestCache(t);
  const { addedAt } = await first.cache.add({ spec: path });
  await first.cache.close();
  writeFileSync(path, 'exports.v1 = 0');
  const { cache, changes } = openTestCache(t, { folder: first.folder, watch: true });
  await until('the change', () => changes.includes('changed mine@local'));
  t.match(cache.get('mine'), { exports: ['v1'], addedAt });
});

t.test('two caches that follow one file end in one state', async (t) => {
  const a = await local(t);
  const b = openTestCache(t, { folder: a.folder, watch: true });
  for (let version = 1; version <= 5; version += 1) {
    save['by rename'](a.path, `exports.v${version} = 0`);
    await a.settled(`exports.v${version} = 0`);
    await until('the other', () => b.cache.get('mine').exports.includes(`v${version}`));
  }
  t.same(b.cache.list(), a.cache.list());
  t.ok((await b.cache.verify()).every(({ ok }) => ok));
});

t.test('what was read before the last change is stored, and then made anew', async (t) => {
  const { cache, folder, path, settled } = await local(t);
  let open = (): void => {};
  let isWaiting = false;
  const slow = openTestCache(t, {
    folder,
    check: async (candidate) => {
      isWaiting = true;
      await new Promise<void>((resolve) => (open = resolve));
      return await fakeCheck(candidate);
    },
  });
  writeFileSync(path, 'exports.v1 = 0');
  const adding = slow.cache.add({ spec: path });
  await until('the check', () => isWaiting);
  writeFileSync(path, 'exports.v2 = 0');
  await settled('exports.v2 = 0');
  open();
  t.match(await adding, { exports: ['v1'] });
  await until('the last change', () => cache.get('mine').exports.includes('v2'));
});

t.test('a change that comes when there is no room to try it is taken up when there is', async (t) => {
  let isFull = false;
  const folder = tempFolder(t);
  const path = join(folder, 'mine.js');
  writeFileSync(path, 'exports.v0 = 0');
  const { cache, changes, logged } = openTestCache(t, {
    watch: true,
    check: async (candidate) => {
      if (isFull) throw Object.assign(new Error('all workers are busy'), { code: 'OVERLOADED' });
      return await fakeCheck(candidate);
    },
  });
  await cache.add({ spec: path });
  isFull = true;
  writeFileSync(path, 'exports.v1 = 0');
  const other = openTestCache(t, { folder: cache.folder, hasEngine: false });
  other.registry.packages.set('one@1.0.0', 'exports.a = 1');
  await other.cache.add({ spec: 'one' });
  for (const fault of [/"mine@local" stays as it was: all workers/, /^warn all workers are busy/])
    await until('the fault', () => logged.some((line) => fault.test(line)));
  isFull = false;
  await until('both', () => ['changed mine@local', 'added one@1.0.0'].every((one) => changes.includes(one)));
  t.match(cache.get('mine'), { exports: ['v1'] });
});

t.test('a damaged content is made again from the files that are there', async (t) => {
  const { cache, changes, path, folder } = await local(t);
  const content = join(folder, cache.get('mine').file);
  writeFileSync(content, 'exports.evil = 0');
  await until('the repair', () => changes.includes('repaired mine@local'));
  t.same(changes, ['damaged mine@local', 'repaired mine@local']);
  t.equal(await cache.read(cache.get('mine')), 'exports.v0 = 0');
  rmSync(path);
  writeFileSync(content, 'exports.evil = 0');
  await until('the damage', () => changes.length === 3);
  await t.rejects(cache.read(cache.get('mine')), { code: 'INTEGRITY_MISMATCH', message: /vmsys lib add \// });
});

t.test('closing in the middle of a burst leaves nothing running', async (t) => {
  const { path, cache, registry } = await local(t);
  for (let version = 1; version <= 5; version += 1) save['by rename'](path, `exports.v${version} = 0`);
  await cache.close();
  const asked = registry.asked.length;
  writeFileSync(path, 'exports.late = 0');
  await cache.close();
  t.equal(registry.asked.length, asked);
});
