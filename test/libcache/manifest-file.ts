// The manifest on disk when it is not what this program wrote: said clearly, nothing deleted, repaired by a sync.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
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

    t.match(await cache.sync(), [{ id: 'two@1.0.0' }]);
    const aside = readdirSync(folder).find((name) => name.startsWith('manifest.damaged-'));
    t.equal(aside && readFileSync(join(folder, aside), 'utf8'), damaged);
    t.same(changes, ['added two@1.0.0']);
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
