// The cache folder under the hands of others: other processes that use it, and whoever should not.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { because, contentPath, FakeRegistry, openTestCache, type TestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const packages = { 'one@1.0.0': 'exports.a = 1', 'two@1.0.0': 'exports.b = 2' };

/** A watching cache, and another one of the same folder that does not watch. */
function pair(t: Test, engines = { watching: true, other: true }): { watching: TestCache; other: TestCache } {
  const registry = new FakeRegistry(packages);
  const other = openTestCache(t, { registry, hasEngine: engines.other });
  const watching = openTestCache(t, {
    folder: other.folder,
    registry,
    watch: true,
    hasEngine: engines.watching,
  });
  return { watching, other };
}

const heard = async ({ changes }: TestCache, ...expected: string[]): Promise<void> => {
  await until(expected.join(), () => changes.join() === expected.join());
};

t.test('what another process adds and removes is announced', async (t) => {
  const { watching, other } = pair(t);
  const library = await other.cache.add({ spec: 'one' });
  await heard(watching, 'added one@1.0.0');
  t.same(watching.events[0], { change: 'added', library });
  t.equal(await watching.cache.read(library), 'exports.a = 1');
  await other.cache.add({ spec: 'two' });
  await other.cache.remove('one');
  await until('both', () => watching.changes.length === 3);
  t.same([...watching.changes].sort(), ['added one@1.0.0', 'added two@1.0.0', 'removed one@1.0.0']);
});

t.test('what this process does is announced once, whoever else hears of it', async (t) => {
  const { watching, other } = pair(t);
  await watching.cache.add({ spec: 'one' });
  await other.cache.add({ spec: 'two' });
  await heard(watching, 'added one@1.0.0', 'added two@1.0.0');
  t.same(watching.changes, ['added one@1.0.0', 'added two@1.0.0']);
});

const swaps: Record<string, (path: string) => void> = {
  'written into': (path) => appendFileSync(path, ';'),
  'replaced, with the old times': (path) => {
    writeFileSync(`${path}.new`, 'exports.z = 1');
    utimesSync(`${path}.new`, 1, 1);
    renameSync(`${path}.new`, path);
  },
  deleted: (path) => rmSync(path),
  'a link now': (path) => {
    rmSync(path);
    symlinkSync('/etc/hostname', path);
  },
  'a folder now': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

for (const [what, swap] of Object.entries(swaps))
  t.test(`a cached file that is ${what} is noticed without a read, and so is its repair`, async (t) => {
    const { watching, other } = pair(t);
    await watching.cache.add({ spec: 'one' });
    await watching.cache.add({ spec: 'two' });
    const path = contentPath(watching, 'one');
    const before = readFileSync(path);
    swap(path);
    const added = ['added one@1.0.0', 'added two@1.0.0'];
    await heard(watching, ...added, 'damaged one@1.0.0');
    t.match(watching.events[2]?.problem, /^its file /);
    t.match(watching.cache.list(), [{ id: 'one@1.0.0' }, { id: 'two@1.0.0' }]);
    if (what === 'written into') writeFileSync(path, before);
    else await other.cache.sync();
    await heard(watching, ...added, 'damaged one@1.0.0', 'repaired one@1.0.0');
    swap(path);
    await heard(watching, ...added, 'damaged one@1.0.0', 'repaired one@1.0.0', 'damaged one@1.0.0');
  });

t.test('a file that changed while nobody watched is noticed at the start', async (t) => {
  const first = openTestCache(t, { registry: new FakeRegistry(packages) });
  await first.cache.add({ spec: 'one' });
  writeFileSync(contentPath(first, 'one'), 'exports.z = 1');
  await first.cache.close();
  const { changes } = openTestCache(t, { folder: first.folder, watch: true });
  await until('the damage', () => changes.includes('damaged one@1.0.0'));
});

t.test('the folder of the contents and the whole cache may be replaced', async (t) => {
  const { watching, other } = pair(t);
  await watching.cache.add({ spec: 'one' });
  renameSync(join(watching.folder, 'files'), join(watching.folder, 'gone'));
  await heard(watching, 'added one@1.0.0', 'damaged one@1.0.0');
  await other.cache.sync();
  await heard(watching, 'added one@1.0.0', 'damaged one@1.0.0', 'repaired one@1.0.0');
  rmSync(watching.folder, { recursive: true });
  await until('the removal', () => watching.changes.at(-1) === 'removed one@1.0.0');
  await other.cache.add({ spec: 'two' });
  await until('the other', () => watching.changes.at(-1) === 'added two@1.0.0');
});

t.test('a damaged manifest is logged once and announces nothing; whole again, it is taken up', async (t) => {
  const { watching, other } = pair(t);
  await watching.cache.add({ spec: 'one' });
  const path = join(watching.folder, 'manifest.json');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 40));
  await until('the log', () => watching.logged.some((line) => line.startsWith('error cannot use')));
  t.throws(() => watching.cache.list(), because('manifest'));
  writeFileSync(path, whole);
  await other.cache.add({ spec: 'two' });
  await heard(watching, 'added one@1.0.0', 'added two@1.0.0');
  t.equal(watching.logged.filter((line) => line.startsWith('error')).length, 1);
});

t.test('what another process fetched without an engine is tried, then announced', async (t) => {
  const { watching, other } = pair(t, { watching: true, other: false });
  const library = await other.cache.add({ spec: 'one' });
  await heard(watching, 'added one@1.0.0');
  t.match(watching.cache.get('one'), { exports: ['a'], integrity: library.integrity });
  t.match(other.cache.get('one'), { exports: ['a'] });
});

t.test('what does not load stays untried, and whoever adds it is told why', async (t) => {
  const { watching, other } = pair(t, { watching: true, other: false });
  watching.registry.packages.set('bad@1.0.0', 'it fails');
  await other.cache.add({ spec: 'bad' });
  await until('the log', () => watching.logged.some((line) => /warn.*"bad@1.0.0" does not load/.test(line)));
  t.same(watching.cache.list(), []);
  await t.rejects(watching.cache.add({ spec: 'bad@1.0.0' }), because('not-loadable'));
  t.same(watching.changes, []);
});

t.test('a watcher that begins later misses nothing of what happened before', async (t) => {
  const registry = new FakeRegistry(packages);
  const path = join(tempFolder(t), 'mine.js');
  writeFileSync(path, 'exports.a = 1');
  const first = openTestCache(t, { registry });
  await first.cache.add({ spec: path });
  const later = openTestCache(t, { folder: first.folder, registry, watch: true, watchAfterMs: 50 });
  writeFileSync(path, 'exports.b = 2');
  await heard(later, 'changed mine@local');
  const closedBefore = openTestCache(t, { folder: first.folder, registry, watch: true, watchAfterMs: 1e6 });
  await closedBefore.cache.close();
  t.strictSame(closedBefore.changes, []);
});
