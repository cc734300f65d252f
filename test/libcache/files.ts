// What is in a cached file's place, when it is not that file: never evaluated, never waited for, and replaced by a sync.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { because, contentPath, FakeRegistry, openTestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';

const mismatch = {
  code: 'INTEGRITY_MISMATCH',
  message: /library "one@1.0.0": its file .*vmsys lib add one@1.0.0"/s,
};

/** What somebody puts there, given the content's path and that of a whole copy elsewhere. */
const swaps: Record<string, (path: string, copy: string) => void> = {
  'a flipped byte': (path) => {
    const bytes = readFileSync(path);
    bytes.writeUInt8((bytes[3] ?? 0) ^ 1, 3);
    writeFileSync(path, bytes);
  },
  'another file': (path) => {
    writeFileSync(`${path}.new`, 'exports.evil = 1');
    renameSync(`${path}.new`, path);
  },
  'one byte more': (path) => appendFileSync(path, '\n'),
  'the beginning only': (path) => truncateSync(path, 5),
  'an empty file': (path) => truncateSync(path),
  'a symbolic link out of the folder, to the same content': (path, copy) => {
    rmSync(path);
    symlinkSync(copy, path);
  },
  'a symbolic link to itself': (path) => {
    rmSync(path);
    symlinkSync(path, path);
  },
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(join(path, 'deep'), { recursive: true });
  },
  'a pipe': (path) => {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  },
};

for (const [what, swap] of Object.entries(swaps))
  t.test(`${what} in a file's place is refused, announced and repaired`, async (t) => {
    const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
    const test = openTestCache(t, { registry });
    const { cache, changes } = test;
    const library = await cache.add({ spec: 'one' });
    const path = contentPath(test, 'one');
    const copy = join(tempFolder(t), 'copy.js');
    copyFileSync(path, copy);
    swap(path, copy);
    await t.rejects(cache.read(library), mismatch);
    await t.rejects(cache.read(library), mismatch);
    t.match(await cache.verify(), [{ id: 'one@1.0.0', ok: false, problem: /^its file / }]);
    t.same(changes, ['added one@1.0.0', 'damaged one@1.0.0'], 'announced once');
    t.match(test.events[1]?.problem, /^its file /);

    await cache.sync();
    t.equal(await cache.read(library), 'exports.a = 1');
    t.same(changes, ['added one@1.0.0', 'damaged one@1.0.0', 'repaired one@1.0.0']);
    t.equal(readFileSync(copy, 'utf8'), 'exports.a = 1', 'nothing was written through it');
    t.equal(readdirSync(join(test.folder, 'files')).length, 1);
  });

t.test('a file that is gone says so, and adding it again brings it back', async (t) => {
  const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
  const test = openTestCache(t, { registry });
  const library = await test.cache.add({ spec: 'one' });
  rmSync(contentPath(test, 'one'));
  await t.rejects(test.cache.read(library), because('missing'));
  t.same(await test.cache.add({ spec: 'one@1.0.0' }), library);
  t.equal(await test.cache.read(library), 'exports.a = 1');
  t.same(test.changes, ['added one@1.0.0', 'damaged one@1.0.0', 'repaired one@1.0.0']);
});

t.test('a package that came out otherwise when it was fetched again is announced as changed', async (t) => {
  const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
  const test = openTestCache(t, { registry });
  const library = await test.cache.add({ spec: 'one' });
  registry.packages.set('one@1.0.0', 'exports.other = 1');
  rmSync(contentPath(test, 'one'));
  await test.cache.add({ spec: 'one@1.0.0' });
  await t.rejects(test.cache.read(library), {
    code: 'INTEGRITY_MISMATCH',
    message: /not what was asked for/,
  });
  t.equal(await test.cache.read(test.cache.get('one')), 'exports.other = 1');
  t.ok(test.changes.includes('changed one@1.0.0'));
});

t.test('the folder of the contents is not followed elsewhere', async (t) => {
  const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
  const folder = tempFolder(t);
  const outside = tempFolder(t);
  symlinkSync(outside, join(folder, 'files'));
  const { cache } = openTestCache(t, { folder, registry });
  await t.rejects(cache.add({ spec: 'one' }), { ...because('disk'), message: /no folder, or a link/ });
  t.same(readdirSync(outside), []);
});

t.test('another name for a cached file gives no way to change it unnoticed', async (t) => {
  const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1' });
  const test = openTestCache(t, { registry });
  const library = await test.cache.add({ spec: 'one' });
  const other = join(tempFolder(t), 'other.js');
  linkSync(contentPath(test, 'one'), other);
  chmodSync(other, 0o600);
  writeFileSync(other, 'exports.b = 1');
  await t.rejects(test.cache.read(library), mismatch);
});

t.test('a file that cannot be read keeps nobody from the others, and is replaced by a sync', async (t) => {
  const folder = tempFolder(t);
  const somebody = 65_534;
  const isRoot = process.getuid?.() === 0;
  // Root reads whatever its mode is.
  if (isRoot) {
    chownSync(folder, somebody, somebody);
    process.seteuid?.(somebody);
  }
  try {
    const registry = new FakeRegistry({ 'one@1.0.0': 'exports.a = 1', 'two@1.0.0': 'exports.b = 2' });
    const test = openTestCache(t, { folder, registry });
    const { cache, changes } = test;
    const one = await cache.add({ spec: 'one' });
    const two = await cache.add({ spec: 'two' });
    chmodSync(contentPath(test, 'one'), 0);
    t.match(await cache.verify(), [
      { id: 'one@1.0.0', ok: false, problem: /cannot be read/ },
      { id: 'two@1.0.0', ok: true },
    ]);
    await t.rejects(cache.read(one), because('disk'));
    t.equal(await cache.read(two), 'exports.b = 2');
    await cache.sync();
    t.equal(await cache.read(one), 'exports.a = 1');
    t.equal(changes.at(-1), 'repaired one@1.0.0');
    await cache.close();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
