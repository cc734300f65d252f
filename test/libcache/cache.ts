// The cache as its users see it, with a registry that is a map.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { integrityOf } from '#src/libcache/content-name.js';
import { maxLibraryBytes } from '#src/libcache/files.js';
import type { Progress } from '#src/libcache/types.js';
import { because, contentPath, FakeRegistry, openTestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const registry = () =>
  new FakeRegistry({
    'one@1.0.0': 'exports.a = 1',
    'one@2.0.0': 'exports.b = 2',
    '@s/two@1.0.0-b': 'exports.c = 3',
  });

t.test('what is added can be listed, got by id and by name, and read', async (t) => {
  const { cache, folder, changes } = openTestCache(t, { registry: registry() });
  const library = await cache.add({ spec: 'one@2.0.0' });
  t.match(library, {
    id: 'one@2.0.0',
    source: 'npm:one@2.0.0',
    bytes: 13,
    integrity: integrityOf(Buffer.from('exports.b = 2')),
    exports: ['b'],
    global: 'one',
  });
  await cache.add({ spec: '@s/two' });
  await cache.add({ spec: 'one@1.0.0' });
  t.same(
    cache.list().map(({ id }) => id),
    ['@s/two@1.0.0-b', 'one@1.0.0', 'one@2.0.0'],
  );
  t.equal(cache.get('one').id, 'one@1.0.0', 'the version added last');
  t.equal(cache.get('@s/two').id, '@s/two@1.0.0-b');
  t.equal(await cache.read(library), 'exports.b = 2');
  t.same(changes, ['added one@2.0.0', 'added @s/two@1.0.0-b', 'added one@1.0.0']);
  t.equal(statSync(join(folder, library.file)).mode & 0o777, 0o600);
  t.equal(statSync(join(folder, 'manifest.json')).mode & 0o777, 0o600);
});

t.test('what is there is answered without asking the registry', async (t) => {
  const { cache, registry: asked, changes } = openTestCache(t, { registry: registry() });
  const first = await cache.add({ spec: 'one@1.0.0' });
  t.same(await cache.add({ spec: 'one@1.0.0' }), first);
  t.equal(asked.asked.length, 1);
  t.same(await cache.add({ spec: 'one@1.0.0', global: 'one' }), first);
  t.same(changes, ['added one@1.0.0']);
});

t.test('what is there under another global is refused, not changed', async (t) => {
  const { cache } = openTestCache(t, { registry: registry() });
  await cache.add({ spec: 'one@1.0.0' });
  await t.rejects(cache.add({ spec: 'one@1.0.0', global: 'uno' }), {
    code: 'NAME_TAKEN',
    message: /vmsys lib remove/,
  });
  await t.rejects(cache.add({ spec: 'one@1.0.0', entry: 'x.js' }), { code: 'NAME_TAKEN' });
  t.equal(cache.get('one').global, 'one');
});

t.test('a range that leads to what is there leaves its global and its entry as they are', async (t) => {
  const test = openTestCache(t, { registry: registry() });
  const { cache, registry: asked, changes } = test;
  const first = await cache.add({ spec: 'one@2.0.0', global: 'uno', entry: 'x.js' });
  t.same(await cache.add({ spec: 'one' }), first);
  await t.rejects(cache.add({ spec: 'one', global: 'other' }), { code: 'NAME_TAKEN' });
  rmSync(contentPath(test, 'one'));
  t.same(await cache.add({ spec: 'one' }), first);
  t.match(asked.asked.at(-1), { global: 'uno', entry: 'x.js' }, 'fetched again as it was made');
  t.same(changes, ['added one@2.0.0', 'damaged one@2.0.0'], 'and is what it was');
});

t.test('a file is not taken for the package of the same id', async (t) => {
  const { cache } = openTestCache(t, { registry: registry() });
  const path = join(tempFolder(t), 'one.js');
  writeFileSync(path, 'exports.mine = 1');
  await cache.add({ spec: path });
  await t.rejects(cache.add({ spec: 'one@local' }), { code: 'NAME_TAKEN', message: /from file:/ });
});

t.test('a name of the catalogue means its version', async (t) => {
  const catalog = [{ id: 'one@1.0.0', name: 'one', version: '1.0.0', global: 'one', description: '' }];
  const { cache, registry: asked } = openTestCache(t, { registry: registry(), catalog });
  await cache.add({ spec: 'one@1.0.0' });
  t.equal((await cache.add({ spec: 'one' })).id, 'one@1.0.0');
  t.equal(asked.asked.length, 1);
});

t.test('without a registry what is cached works, and what is not says why', async (t) => {
  const { cache, registry: asked } = openTestCache(t, { registry: registry() });
  await cache.add({ spec: 'one@2.0.0' });
  asked.isOffline = true;
  t.equal((await cache.add({ spec: 'one' })).id, 'one@2.0.0', 'a bare name is the version that is there');
  await t.rejects(cache.add({ spec: 'one@1.0.0' }), because('offline'));
  await t.rejects(cache.add({ spec: 'none' }), because('offline'));
});

t.test('many askers for one library are one fetch', async (t) => {
  const { cache, registry: asked } = openTestCache(t, { registry: registry() });
  const seen: Progress[][] = [[], []];
  const [a, b] = await Promise.all(
    seen.map((steps) => cache.add({ spec: 'one@1.0.0' }, { onProgress: (step) => void steps.push(step) })),
  );
  t.same(a, b);
  t.equal(asked.asked.length, 1);
  for (const steps of seen)
    t.same(
      steps.map(({ step }) => step),
      ['fetch', 'check', 'store'],
    );
});

t.test(
  'who joins in the middle hears at once how far it is, also under the name of the catalogue',
  async (t) => {
    const item = { id: 'one@1.0.0', name: 'one', version: '1.0.0', global: 'one', description: '' };
    const { cache, registry: asked } = openTestCache(t, { registry: registry(), catalog: [item] });
    let open: (() => void) | undefined;
    asked.gate = () => new Promise((resolve) => (open = resolve));
    const first = cache.add({ spec: 'one@1.0.0' });
    await until('the fetch', () => open);
    const steps: Progress[] = [];
    const second = cache.add({ spec: 'one' }, { onProgress: (step) => void steps.push(step) });
    t.match(steps, [{ step: 'fetch', done: 1, total: 2 }]);
    open?.();
    t.same(await second, await first);
    t.equal(asked.asked.length, 1);
  },
);

t.test('an asker may leave; the fetch is aborted when the last has left', async (t) => {
  const { cache, registry: asked, changes } = openTestCache(t, { registry: registry() });
  let signal: AbortSignal | undefined;
  let open = () => {};
  asked.gate = (hooks) => {
    signal = hooks.signal;
    return new Promise((resolve) => (open = resolve));
  };
  const [first, second] = [new AbortController(), new AbortController()];
  const adds = [first, second].map(({ signal }) => cache.add({ spec: 'one@1.0.0' }, { signal }));
  const rejected = adds.map((add) => t.rejects(add, { code: 'REQUEST_CANCELLED' }));
  await until('the fetch', () => signal);
  first.abort();
  await rejected[0];
  t.equal(signal?.aborted, false);
  second.abort();
  await rejected[1];
  t.equal(signal?.aborted, true);
  open();
  await t.rejects(cache.add({ spec: 'one@1.0.0' }, { signal: first.signal }), { code: 'REQUEST_CANCELLED' });
  asked.gate = async () => {};
  await cache.add({ spec: '@s/two' });
  t.same(changes, ['added @s/two@1.0.0-b'], 'what nobody waits for is not stored');
});

t.test('closing aborts what is being added', async (t) => {
  const { cache, registry: asked, folder } = openTestCache(t, { registry: registry() });
  asked.gate = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const adding = t.rejects(cache.add({ spec: 'one@1.0.0' }), because('closed'));
  await until('the fetch', () => asked.asked.length > 0);
  await Promise.all([cache.close(), cache.close(), adding]);
  await t.rejects(cache.add({ spec: 'one@1.0.0' }), because('closed'));
  t.same(
    readdirSync(folder).filter((name) => name.startsWith('files')),
    [],
  );
});

t.test('more libraries at once than may be are refused at once', async (t) => {
  const { cache, registry: asked } = openTestCache(t);
  asked.gate = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const adds = Array.from({ length: 64 }, (_, at) => t.rejects(cache.add({ spec: `p${at}` })));
  await t.rejects(cache.add({ spec: 'p64' }), { code: 'OVERLOADED' });
  await cache.close();
  await Promise.all(adds);
});

t.test('a library that does not load is not stored', async (t) => {
  const { cache, folder } = openTestCache(t, { registry: new FakeRegistry({ 'bad@1.0.0': 'it fails' }) });
  await t.rejects(cache.add({ spec: 'bad' }), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /"bad@1.0.0" does not load.*unexpected token \(line 1\)/,
    details: { reason: 'not-loadable' },
  });
  t.same(cache.list(), []);
  t.notOk(readdirSync(folder).includes('manifest.json'));
});

t.test('where a package’s script for browsers does not load, its modules may', async (t) => {
  const { cache, registry: asked, logged } = openTestCache(t, { registry: registry() });
  asked.packages.set('page@1.0.0', 'fails');
  asked.bundled.set('page@1.0.0', 'exports.works = 1');
  const library = await cache.add({ spec: 'page', global: 'P' });
  t.match(library, { id: 'page@1.0.0', global: 'P', exports: ['works'] });
  t.match(asked.asked, [{ spec: 'page' }, { spec: 'page@1.0.0', global: 'P', bundled: true }]);
  t.match(logged.join(), /does not load in a session.*modules instead/);
  asked.packages.set('both@1.0.0', 'fails');
  asked.bundled.set('both@1.0.0', 'fails, too');
  await t.rejects(cache.add({ spec: 'both' }), because('not-loadable'));
  t.throws(() => cache.get('both'), { code: 'LIBRARY_NOT_FOUND' });
});

t.test('a library that is too large is not stored', async (t) => {
  const { cache } = openTestCache(t, {
    registry: new FakeRegistry({ 'big@1.0.0': ' '.repeat(maxLibraryBytes + 1) }),
  });
  await t.rejects(cache.add({ spec: 'big' }), {
    ...because('too-large'),
    details: { limit: maxLibraryBytes },
  });
});

t.test('names and versions that try to climb out of the cache are refused', async (t) => {
  const outside = tempFolder(t);
  for (const id of [
    '../../x@1.0.0',
    '/etc/x@1.0.0',
    'a/../b@1.0.0',
    '..@1.0.0',
    '@../x@1.0.0',
    'x\0@1.0.0',
    'a b@1.0.0',
  ]) {
    const folder = join(outside, 'cache');
    const { cache } = openTestCache(t, { folder });
    const fetcher = new FakeRegistry({ [id]: 'exports.a = 1' });
    const sly = openTestCache(t, { folder, registry: fetcher });
    fetcher.prepare = async () => {
      const cut = id.lastIndexOf('@');
      const [name, version] = [id.slice(0, cut), id.slice(cut + 1)];
      return await Promise.resolve({
        name,
        version,
        source: `npm:${id}`,
        format: 'script',
        code: 'exports.a = 1',
      });
    };
    await t.rejects(
      sly.cache.add({ spec: 'sly' }),
      { code: 'VALIDATION_ERROR', details: { issues: [{ path: 'name' }] } },
      id,
    );
    t.same(cache.list(), []);
  }
  t.same(readdirSync(outside), ['cache']);
});

t.test('a removed library is gone, its content only where no other has the same', async (t) => {
  const fetcher = new FakeRegistry({ 'a@1.0.0': 'same', 'b@1.0.0': 'same' });
  const { cache, folder, changes } = openTestCache(t, { registry: fetcher });
  const a = await cache.add({ spec: 'a' });
  const b = await cache.add({ spec: 'b' });
  t.equal(a.file, b.file);
  t.same(await cache.remove('a@1.0.0'), a);
  t.equal(await cache.read(b), 'same');
  await t.rejects(cache.read(a), because('missing'));
  t.throws(() => cache.get('a'), { code: 'LIBRARY_NOT_FOUND' });
  await t.rejects(cache.remove('a'), { code: 'LIBRARY_NOT_FOUND' });
  await cache.remove('b');
  t.same(readdirSync(join(folder, 'files')), []);
  t.same(changes, ['added a@1.0.0', 'added b@1.0.0', 'removed a@1.0.0', 'removed b@1.0.0']);
});

t.test('one file is not two libraries', async (t) => {
  const { cache, folder } = openTestCache(t);
  for (const at of ['x', 'y']) {
    const path = join(tempFolder(t), 'util.js');
    writeFileSync(path, at);
    if (at === 'x') await cache.add({ spec: path });
    else
      await t.rejects(cache.add({ spec: path }), { code: 'NAME_TAKEN', message: /util@local.*from file:/ });
  }
  t.equal(readdirSync(join(folder, 'files')).length, 1);
});

t.test('a local file that is added again is taken as it is now', async (t) => {
  const { cache, folder, changes } = openTestCache(t);
  const path = join(tempFolder(t), 'util.js');
  writeFileSync(path, 'exports.a = 1');
  const before = await cache.add({ spec: path, global: 'u' });
  writeFileSync(path, 'exports.b = 1');
  t.match(await cache.add({ spec: './util.js', from: join(path, '..'), global: 'u' }), {
    exports: ['b'],
    global: 'u',
    addedAt: before.addedAt,
  });
  await t.rejects(cache.read(before), { code: 'INTEGRITY_MISMATCH', message: /has changed since/ });
  t.same(changes, ['added util@local', 'changed util@local']);
  t.equal(readdirSync(join(folder, 'files')).length, 1, 'the old content is gone');
});

t.test('sync adds the catalogue and fetches again what is damaged or missing', async (t) => {
  const catalog = [{ id: 'one@1.0.0', name: 'one', version: '1.0.0', global: 'one', description: '' }];
  const test = openTestCache(t, { registry: registry(), catalog });
  const { cache, changes } = test;
  await cache.add({ spec: 'one@2.0.0' });
  await cache.add({ spec: '@s/two' });
  writeFileSync(contentPath(test, 'one@2.0.0'), 'exports.B = 2');
  rmSync(contentPath(test, '@s/two'));
  t.same(
    (await cache.verify()).map(({ id, ok }) => [id, ok]),
    [
      ['one@2.0.0', false],
      ['@s/two@1.0.0-b', false],
    ],
  );
  t.match(await cache.verify('one'), [
    { problem: /does not match its integrity \(expected sha512-.*got sha512-/ },
  ]);
  const steps: string[] = [];
  const libraries = await cache.sync({ onProgress: ({ library }) => void steps.push(library) });
  t.same(
    libraries.map(({ id }) => id),
    ['@s/two@1.0.0-b', 'one@1.0.0', 'one@2.0.0'],
  );
  t.same([...new Set(steps)].sort(), ['@s/two@1.0.0-b', 'one@1.0.0', 'one@2.0.0']);
  t.ok((await cache.verify()).every(({ ok }) => ok));
  t.equal(await cache.read(cache.get('one@2.0.0')), 'exports.b = 2');
  t.same(changes, [
    'added one@2.0.0',
    'added @s/two@1.0.0-b',
    'damaged one@2.0.0',
    'damaged @s/two@1.0.0-b',
    'added one@1.0.0',
    'repaired one@2.0.0',
    'repaired @s/two@1.0.0-b',
  ]);
});

t.test('a sync that cannot get everything gets the rest, and says what is missing', async (t) => {
  const catalog = ['none@1.0.0', 'one@1.0.0'].map((id) => ({
    id,
    name: id.slice(0, -6),
    version: '1.0.0',
    global: 'x',
    description: '',
  }));
  const { cache } = openTestCache(t, { registry: registry(), catalog });
  await t.rejects(cache.sync(), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /could not get none@1.0.0; the rest is there/,
    details: { reason: 'not-found', failures: [{ library: 'none@1.0.0' }] },
  });
  t.equal(cache.list().length, 1);
});

t.test('what was fetched where there is no engine is tried before it is used', async (t) => {
  const fetcher = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1', 'bad@1.0.0': 'it fails' });
  const cli = openTestCache(t, { registry: fetcher, hasEngine: false });
  const daemon = openTestCache(t, { folder: cli.folder, registry: fetcher });
  const library = await cli.cache.add({ spec: 'one' });
  t.match(cli.cache.get('one'), { exports: [] }, 'who has no engine may see it');
  fetcher.isOffline = true;
  t.same(daemon.cache.list(), []);
  t.throws(() => daemon.cache.get('one'), because('unchecked'));
  await t.rejects(daemon.cache.read(library), because('unchecked'));
  t.match(await daemon.cache.add({ spec: 'one@1.0.0' }), { exports: ['a'], addedAt: library.addedAt });
  t.equal(await daemon.cache.read(library), 'exports.a = 1');
  t.same(daemon.changes, ['added one@1.0.0']);
  t.same(cli.cache.get('one').exports, ['a']);

  fetcher.isOffline = false;
  await cli.cache.add({ spec: 'bad' });
  await t.rejects(daemon.cache.add({ spec: 'bad@1.0.0' }), because('not-loadable'));
  t.throws(() => cli.cache.get('bad'), { code: 'LIBRARY_NOT_FOUND' }, 'it is of no use to anybody');
  t.match(await cli.cache.add({ spec: 'one@1.0.0' }), { exports: ['a'] }, 'what an engine found out stays');
  t.notMatch(readFileSync(join(cli.folder, 'manifest.json'), 'utf8'), /checked/);
});

t.test('a file that was read where there is no engine takes nothing away until it was tried', async (t) => {
  const daemon = openTestCache(t);
  const { cache, folder } = daemon;
  const cli = openTestCache(t, { folder, hasEngine: false });
  const path = join(tempFolder(t), 'mine.js');
  writeFileSync(path, 'exports.v0 = 0');
  const before = await cache.add({ spec: path });
  writeFileSync(path, 'it fails');
  const broken = await cli.cache.add({ spec: path });
  t.not(broken.integrity, before.integrity);
  const isAsBefore = async (): Promise<void> => {
    t.same(cache.list(), [before]);
    t.equal(await cache.read(before), 'exports.v0 = 0');
  };
  await isAsBefore();
  await cache.close();
  const again = openTestCache(t, { folder });
  const confirm = (integrity: string) => again.cache.add({ spec: before.id, integrity });
  await t.rejects(confirm(broken.integrity), because('not-loadable'));
  await isAsBefore();
  t.equal(readdirSync(join(folder, 'files')).length, 1);

  writeFileSync(path, 'exports.v1 = 0');
  const fine = await cli.cache.add({ spec: path });
  t.match(await confirm(fine.integrity), { exports: ['v1'], addedAt: before.addedAt });
  t.match(await confirm(fine.integrity), { exports: ['v1'] }, 'tried already');
  t.equal(await again.cache.read(again.cache.get('mine')), 'exports.v1 = 0');
  t.equal(readdirSync(join(folder, 'files')).length, 1);
});

t.test('a sync that gets no answer of the registry asks once', async (t) => {
  const catalog = ['one@1.0.0', 'one@2.0.0'].map((id) => ({
    id,
    name: id,
    version: id.slice(-5),
    global: 'x',
    description: '',
  }));
  const { cache, registry: asked } = openTestCache(t, { registry: registry(), catalog });
  asked.isOffline = true;
  await t.rejects(cache.sync(), {
    ...because('offline'),
    details: {
      failures: ['one@1.0.0', 'one@2.0.0'].map((library) => ({
        library,
        code: 'LIBRARY_UNAVAILABLE',
        reason: 'offline',
      })),
    },
  });
  t.equal(asked.asked.length, 1);
});

t.test('a listener that throws keeps nothing from the others', async (t) => {
  const { cache, changes, logged } = openTestCache(t, { registry: registry() });
  const stop = cache.listen(() => {
    throw new Error('mine');
  });
  const late: string[] = [];
  cache.listen(({ change }) => void late.push(change));
  await cache.add({ spec: 'one@1.0.0' });
  stop();
  await cache.add({ spec: 'one@2.0.0' });
  t.equal(changes.length, 2);
  t.same(late, ['added', 'added']);
  t.same(logged, ['error a listener of library changes threw']);
});

t.test('a relative cache folder is refused', async (t) => {
  t.throws(() => openTestCache(t, { folder: 'cache' }), { code: 'INVALID_PATH' });
});

t.test('a library that could not be tried for lack of room is neither refused nor forgotten', async (t) => {
  const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
  const { cache: other, folder } = openTestCache(t, { registry, hasEngine: false });
  await other.add({ spec: 'one' });
  let isFull = true;
  const check = async () => {
    if (isFull) throw Object.assign(new Error('all workers are busy'), { code: 'OVERLOADED' });
    return await Promise.resolve({ exports: ['a'] });
  };
  const { cache } = openTestCache(t, { folder, registry, check });
  await t.rejects(cache.add({ spec: 'one@1.0.0' }), { code: 'OVERLOADED', message: 'all workers are busy' });
  isFull = false;
  t.match(await cache.add({ spec: 'one@1.0.0' }), { exports: ['a'] });
  t.equal(registry.asked.length, 1, 'it was not fetched again');
});
