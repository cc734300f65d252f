// A full disk: a clear error, no entry, nothing left over; and with room again, asking again is enough.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { because, FakeRegistry, openTestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';

const mount = (folder: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status === 0;

/** Whether this user may make a file system; a container's root may not everywhere. */
function mayMount(): boolean {
  const folder = mkdtempSync('/tmp/vm-');
  const mounted = mount(folder);
  if (mounted) spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
  return mounted;
}

t.test(
  'a library that does not fit on the disk is not there, and fits when there is room',
  { skip: !mayMount() && 'this user may not mount a small disk' },
  async (t) => {
    const disk = tempFolder(t);
    mount(disk);
    t.teardown(() => void execFileSync('umount', ['-l', disk]));
    const folder = join(disk, 'cache');
    const registry = new FakeRegistry({
      'small@1.0.0': 'exports.a = 1',
      'big@1.0.0': `exports.b = 1 //${' '.repeat(1024 * 1024)}`,
    });
    const { cache, changes } = openTestCache(t, { folder, registry });
    const small = await cache.add({ spec: 'small' });
    const ballast = join(disk, 'ballast');
    try {
      writeFileSync(ballast, Buffer.alloc(1.5 * 1024 * 1024));
    } catch {
      // It is as large as there was room.
    }
    const full = { ...because('disk'), message: /cannot write to the library cache .*ENOSPC.*make room/s };
    await t.rejects(cache.add({ spec: 'big' }), full);
    await t.rejects(cache.add({ spec: 'big' }), full);
    t.same(
      cache.list().map(({ id }) => id),
      ['small@1.0.0'],
    );
    t.equal(await cache.read(small), 'exports.a = 1');
    t.equal(readdirSync(join(folder, 'files')).length, 1, 'nothing left over');
    rmSync(ballast);
    t.equal((await cache.add({ spec: 'big' })).id, 'big@1.0.0');
    t.same(changes, ['added small@1.0.0', 'added big@1.0.0']);
  },
);

t.test('a folder that cannot be a cache is a clear error', async (t) => {
  const folder = join(tempFolder(t), 'file');
  writeFileSync(folder, '');
  const { cache, logged } = openTestCache(t, { folder, registry: new FakeRegistry({ 'one@1.0.0': '' }) });
  await t.rejects(cache.add({ spec: 'one' }), {
    ...because('disk'),
    message: /cannot use .*manifest.json/,
  });
  t.throws(() => cache.list(), { ...because('disk'), message: /can be read/ });
  await cache.close();
  t.match(logged, [/^error cannot use/, /^warn the cache was not swept/]);
});
