// The manifest on disk when it is not what this program wrote: said clearly, nothing deleted, repaired by a sync.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { unavailable } from '#src/libcache/errors.js';
import { openLibraryCache } from '#src/libcache/index.js';
import { because, FakeRegistry, openTestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const packages = { 'one@1.0.0': 'exports.a = 1', 'two@1.0.0': 'exports.b = 2' };
const item = { id: 'two@1.0.0', name: 'two', version: '1.0.0', global: 'two', description: '' };

/** A folder with a cache of one library, and its manifest's text. */
async function filled(t: Parameters<typeof openTestCache>[0]) {
  const { cache, folder } = openTestCache(t, { registry: new FakeRegistry(packages) });
  const library = await cache.add({ spec: 'one' });
  await cache.close();
  const path = join(folder, 'manifest.json');
  return { folder, path, library, text: readFileSync(path, 'utf8') };
}

const damages: Record<string, (text: string) => string> = {
  'half a manifest': (text) => text.slice(0, text.length / 2),
  garbage: () => '\0\0\0 no manifest',
  'an empty manifest file': () => '',
  'a manifest with a name that climbs out': (text) => text.replace(/"files\/[^"]+"/, '"../../etc/passwd"'),
};

for (const [what, damage] of Object.entries(damages))
  t.test(`${what} is a clear error, deletes nothing, and is repaired by a sync`, async (t) => {
    const { folder, path, library, text } = await filled(t);
    const damaged = damage(text);
    writeFileSync(path, damaged);
    const { cache, logged, changes } = openTestCache(t, {
      folder,
      registry: new FakeRegistry(packages),
      catalog: [item],
    });
    const unusable = { ...because('manifest'), message: /manifest\.json.*vmsys lib sync/s };
    t.throws(() => cache.list(), unusable);
    t.throws(() => cache.get('one'), unusable);
    await t.rejects(cache.read(library), unusable);
    await t.rejects(cache.add({ spec: 'two' }), unusable);
    await t.rejects(cache.remove('one'), unusable);
    await t.rejects(cache.verify('one'), unusable);
    t.match(await cache.verify(), [{ id: 'manifest.json', ok: false, problem: /JSON|libraries\.0\.file/ }]);
    t.match(logged[0], /^error cannot use .*manifest.json/);
    t.equal(readFileSync(path, 'utf8'), damaged);
    t.ok(existsSync(join(folder, library.file)));

    const isKnown = damaged.includes('"npm:one@1.0.0"');
    const expected = isKnown ? ['one@1.0.0', 'two@1.0.0'] : ['two@1.0.0'];
    t.same(
      (await cache.sync()).map(({ id }) => id),
      expected,
    );
    const aside = readdirSync(folder).find((name) => name.startsWith('manifest.damaged-'));
    t.equal(aside && readFileSync(join(folder, aside), 'utf8'), damaged);
    t.same([...changes].sort(), expected.map((id) => `added ${id}`).sort());
    if (isKnown) t.equal(await cache.read(library), 'exports.a = 1');
  });

t.test(
  'a manifest that lost its end loses no library: whole entries stay, the rest is fetched again',
  async (t) => {
    const registry = new FakeRegistry({ 'a@1.0.0': 'a', 'b@1.0.0': 'b', 'c@1.0.0': 'c' });
    const first = openTestCache(t, { registry });
    for (const spec of ['a', 'b']) await first.cache.add({ spec });
    await first.cache.add({ spec: 'c', global: 'C' });
    const before = first.cache.list();
    await first.cache.close();
    const path = join(first.folder, 'manifest.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, -20));
    const { cache } = openTestCache(t, { folder: first.folder, registry });
    t.match(await cache.verify(), [
      { id: 'manifest.json', ok: false },
      { id: 'a@1.0.0', ok: true },
      { id: 'b@1.0.0', ok: true },
      { id: 'c@1.0.0', ok: false, problem: /entry in the manifest/ },
    ]);
    registry.asked.length = 0;
    t.match(
      await cache.sync(),
      before.map(({ id, integrity, global }) => ({ id, integrity, global })),
    );
    t.match(registry.asked, [{ spec: 'c@1.0.0', global: 'C' }]);
    t.equal(readdirSync(join(first.folder, 'files')).length, 3);
  },
);

t.test('what was lost with a manifest is fetched again as soon as the registry answers', async (t) => {
  const registry = new FakeRegistry({ 'a@1.0.0': 'a', 'b@1.0.0': 'b', 'gone@1.0.0': 'c' });
  const first = openTestCache(t, { registry });
  const file = join(tempFolder(t), 'mine.js');
  writeFileSync(file, 'mine');
  for (const spec of ['a', 'b', 'gone', file]) await first.cache.add({ spec });
  const before = first.cache.list();
  await first.cache.close();
  const path = join(first.folder, 'manifest.json');
  // Each entry is damaged, and still says where it came from.
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"bytes"', '"bites"'));
  const { cache } = openTestCache(t, { folder: first.folder, registry });
  registry.isOffline = true;
  registry.asked.length = 0;
  await t.rejects(cache.sync(), { ...because('offline'), message: /a@1.0.0, b@1.0.0, gone@1.0.0/ });
  t.equal(registry.asked.length, 2, 'the file, and one package');
  const lost = /lost with a damaged manifest/;
  const missing = ['a', 'b', 'gone'].map((name) => ({ id: `${name}@1.0.0`, ok: false, problem: lost }));
  t.match(await cache.verify(), [{ id: 'mine@local', ok: true }, ...missing]);
  await cache.close();

  const again = openTestCache(t, { folder: first.folder, registry });
  registry.isOffline = false;
  registry.gate = () => Promise.reject(unavailable('disk', 'there is no room'));
  await t.rejects(again.cache.sync(), { message: /could not get a@1.0.0, b@1.0.0, gone@1.0.0/ });
  t.equal((await again.cache.verify()).length, 4, 'there may be room again');
  registry.gate = async () => {};
  registry.packages.delete('gone@1.0.0');
  t.match(await again.cache.add({ spec: 'b' }), { id: 'b@1.0.0' });
  t.match(await again.cache.verify(), [{ ok: true }, { ok: true }, { id: 'a@1.0.0' }, { id: 'gone@1.0.0' }]);
  await t.rejects(again.cache.sync(), { message: /could not get gone@1.0.0; the rest is there/ });
  const whole = before.filter(({ name }) => name !== 'gone');
  t.match(
    await again.cache.sync(),
    whole.map(({ id, integrity }) => ({ id, integrity })),
    'what nobody has is given up',
  );
});

t.test('contents stay while nobody can say whether they are wanted', async (t) => {
  const { folder, path, library, text } = await filled(t);
  const reopened = async () => {
    const { cache } = openTestCache(t, { folder });
    await cache.close();
    return existsSync(join(folder, library.file));
  };
  rmSync(path);
  t.ok(await reopened(), 'the manifest was deleted');
  writeFileSync(path, '{"version":1,"libraries":[]}');
  writeFileSync(join(folder, 'manifest.damaged-1.json'), text.slice(0, -20));
  t.ok(await reopened(), 'a damaged one that was put aside names it');
  rmSync(join(folder, 'manifest.damaged-1.json'));
  t.notOk(await reopened());
});

t.test('the sweep follows no link out of the cache', async (t) => {
  const outside = tempFolder(t);
  const { folder } = await filled(t);
  const names = [`sha512-${'0'.repeat(128)}.js`, 'vmsys-library-0-1-1-x'];
  for (const name of names) mkdirSync(join(outside, name, 'deep'), { recursive: true });
  rmSync(join(folder, 'files'), { recursive: true });
  for (const name of ['files', 'work']) symlinkSync(outside, join(folder, name));
  const cache = await openLibraryCache({ folder });
  await cache.close();
  t.same(readdirSync(outside).sort(), names);
});

t.test('a pipe in the manifest’s place is damage, not waited for', async (t) => {
  const folder = tempFolder(t);
  execFileSync('mkfifo', [join(folder, 'manifest.json')]);
  const { cache } = openTestCache(t, { folder, registry: new FakeRegistry(packages), catalog: [item] });
  t.throws(() => cache.list(), { ...because('manifest'), message: /no plain file/ });
  await cache.sync();
  t.equal(cache.list().length, 1);
});

t.test('a lock that is no database is an error that says what to do', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'manifest.lock'), 'no database at all, but long enough'.repeat(50));
  const { cache } = openTestCache(t, { folder, registry: new FakeRegistry(packages) });
  await t.rejects(cache.add({ spec: 'one' }), {
    ...because('disk'),
    message: /manifest\.lock.*may be removed/,
  });
});

t.test('a sync keeps what is whole in a damaged manifest', async (t) => {
  const { folder, path, library, text } = await filled(t);
  writeFileSync(path, text.replace('"libraries": [', '"libraries": [{"id": "half"},'));
  const { cache } = openTestCache(t, { folder });
  t.match(await cache.verify(), [
    { id: 'manifest.json', ok: false },
    { id: 'one@1.0.0', ok: true },
  ]);
  await cache.sync();
  t.equal(await cache.read(library), 'exports.a = 1');
});

t.test('a manifest from the future is left alone', async (t) => {
  const { folder, path, library } = await filled(t);
  const future = '{"version":2,"shelves":[]}';
  writeFileSync(path, future);
  const { cache } = openTestCache(t, { folder, registry: new FakeRegistry(packages), catalog: [item] });
  const unusable = { ...because('manifest'), message: /version 2.*update this program/s };
  t.throws(() => cache.list(), unusable);
  await t.rejects(cache.add({ spec: 'two' }), unusable);
  await t.rejects(cache.sync(), unusable);
  t.match(await cache.verify(), [{ id: 'manifest.json', ok: false, problem: /version 2/ }]);
  await cache.close();
  t.equal(readFileSync(path, 'utf8'), future);
  t.ok(existsSync(join(folder, library.file)), 'contents are not swept: a newer version may name them');
  t.same(
    readdirSync(folder).filter((name) => name.includes('damaged')),
    [],
  );
});

t.test('a folder in the manifest’s place is an error, moved aside by a sync', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'manifest.json'));
  const { cache } = openTestCache(t, { folder, registry: new FakeRegistry(packages), catalog: [item] });
  t.throws(() => cache.list(), because('manifest'));
  await cache.sync();
  t.equal(cache.list().length, 1);
});

t.test('of damaged manifests the last five are kept', async (t) => {
  const { path, folder, library, text } = await filled(t);
  const { cache } = openTestCache(t, { folder });
  const aside = () => readdirSync(folder).filter((name) => name.startsWith('manifest.damaged-'));
  for (let damage = 0; damage < 7; damage += 1) {
    writeFileSync(path, text.replace('"libraries": [', `"libraries": ["${damage}",`));
    await cache.sync();
  }
  t.same(
    aside()
      .sort()
      .map((name) => /\["(\d)",/.exec(readFileSync(join(folder, name), 'utf8'))?.[1]),
    ['2', '3', '4', '5', '6'],
  );
  t.equal(cache.get(library.id).integrity, library.integrity);
});

t.test('what another process wrote is seen at the next look', async (t) => {
  const a = openTestCache(t, { registry: new FakeRegistry(packages) });
  const b = openTestCache(t, { folder: a.folder, registry: new FakeRegistry(packages) });
  await a.cache.add({ spec: 'one' });
  t.equal(b.cache.list().length, 1);
  await b.cache.add({ spec: 'two' });
  t.equal(a.cache.list().length, 2);
  await b.cache.remove('one');
  t.throws(() => a.cache.get('one'), { code: 'LIBRARY_NOT_FOUND' });
});

t.test('a cache folder that was removed is made again', async (t) => {
  const { cache, folder } = openTestCache(t, { registry: new FakeRegistry(packages) });
  await cache.add({ spec: 'one' });
  rmSync(folder, { recursive: true });
  t.same(cache.list(), []);
  t.equal((await cache.add({ spec: 'one' })).id, 'one@1.0.0');
});

t.test('what unfinished work left is swept at the start; what is not ours stays', async (t) => {
  const { folder, library } = await filled(t);
  const other = `sha512-${'0'.repeat(128)}.js`;
  for (const name of [
    '.tmp-0123-manifest.json',
    `files/.tmp-0123-${other}`,
    `files/${other}`,
    'files/notes.txt',
    'notes',
  ])
    writeFileSync(join(folder, name), 'x');
  const { logged } = openTestCache(t, { folder });
  await until('the sweep', () => logged.some((line) => line.includes('removed what was left')));
  t.same(readdirSync(folder).sort(), ['files', 'manifest.json', 'manifest.lock', 'notes']);
  t.same(
    readdirSync(join(folder, 'files')).sort(),
    ['notes.txt', library.file.slice('files/'.length)].sort(),
  );
});
