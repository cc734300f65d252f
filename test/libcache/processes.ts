// Several processes with one cache folder, and what a killed one leaves.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { isTemporary } from '#src/libcache/replace-file.js';
import { parseManifest } from '#src/libcache/manifest.js';
import { openTestCache } from '../fixtures/libcache.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const script = fileURLToPath(new URL('../fixtures/libcache-process.js', import.meta.url));

/** What it says next; rejects where it ends without a word. */
async function said(child: ChildProcess): Promise<unknown[]> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`process ${child.pid} ended with ${code ?? signal} before it answered`);
  });
  return Promise.race([once(child, 'message'), ended]) as Promise<unknown[]>;
}

/** Another process, once it is at work; it ends with the test. */
async function start(t: Test, ...args: string[]): Promise<ChildProcess> {
  // Without what tap has its own processes import.
  const child = fork(script, args, { execArgv: [] });
  t.teardown(() => void child.kill('SIGKILL'));
  await said(child);
  return child;
}

const namesIn = (folder: string): string[] => {
  try {
    return [folder, join(folder, 'files')].flatMap((at) => readdirSync(at));
  } catch {
    return []; // not made yet
  }
};

/** Stops it at a moment when a file is half written, and the lock is held. */
const stopWhileWriting = async (child: ChildProcess, folder: string): Promise<void> => {
  await until('a file that is being written', async () => {
    if (!namesIn(folder).some(isTemporary)) return false;
    child.kill('SIGSTOP');
    await until('the stop', () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
    if (namesIn(folder).some(isTemporary)) return true;
    child.kill('SIGCONT');
    return false;
  });
};

t.test('processes that add at once end with one entry for each library', async (t) => {
  const folder = tempFolder(t);
  const shared = Array.from({ length: 8 }, (_, at) => `shared${at}@1.0.0`);
  const children = await Promise.all(
    ['a', 'b', 'c'].map((own) => start(t, folder, 'add', ...shared, `${own}@1.0.0`, `${own}@2.0.0`)),
  );
  const { cache, changes } = openTestCache(t, { folder, watch: true });
  const answers = children.map(said);
  for (const child of children) child.send('go');
  for (const [ids] of await Promise.all(answers)) t.match(ids, { length: 10 });
  const expected = [...shared, ...['a', 'b', 'c'].flatMap((own) => [`${own}@1.0.0`, `${own}@2.0.0`])].sort();
  t.same(
    cache.list().map(({ id }) => id),
    expected,
  );
  t.ok((await cache.verify()).every(({ ok }) => ok));
  t.equal(readdirSync(join(folder, 'files')).length, expected.length);
  t.same(namesIn(folder).filter(isTemporary), []);
  await until('all announcements', () => changes.length === expected.length);
  t.same([...changes].sort(), expected.map((id) => `added ${id}`).sort());
});

t.test(
  'a kill in the middle of a write leaves a whole manifest, a free lock, and nothing that is not swept',
  async (t) => {
    const folder = tempFolder(t);
    const first = openTestCache(t, { folder });
    first.registry.packages.set('kept@1.0.0', 'exports.kept = 1');
    const kept = await first.cache.add({ spec: 'kept' });
    for (let kill = 0; kill < 3; kill += 1) {
      const child = await start(t, folder, 'fill');
      await stopWhileWriting(child, folder);
      const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
      t.equal(parseManifest(text).kind, 'ok', 'whole at any moment');
      t.ok(namesIn(folder).some(isTemporary));
      const adding = first.cache.add({ spec: `after${kill}` });
      first.registry.packages.set(`after${kill}@1.0.0`, `exports.n = ${kill}`);
      const since = Date.now();
      child.kill('SIGKILL');
      await adding;
      t.ok(Date.now() - since < 2000, 'the lock of a killed process is free at once');
      const { cache } = openTestCache(t, { folder });
      await cache.close();
      t.same(namesIn(folder).filter(isTemporary), []);
      t.equal(readdirSync(join(folder, 'files')).length, cache.list().length);
      t.equal(await first.cache.read(kept), 'exports.kept = 1');
    }
  },
);

t.test('who finds the lock held by a process that hangs waits, and goes on when it ends', async (t) => {
  const folder = tempFolder(t);
  const child = await start(t, folder, 'fill');
  await stopWhileWriting(child, folder);
  const { cache, registry } = openTestCache(t, { folder });
  registry.packages.set('one@1.0.0', 'exports.a = 1');
  let isDone = false;
  const adding = cache.add({ spec: 'one' }).then(() => (isDone = true));
  await until('the fetch', () => registry.asked.length === 1);
  t.equal(isDone, false);
  t.type(cache.list(), Array, 'reading waits for nobody');
  child.kill('SIGCONT');
  await adding;
  t.equal(cache.get('one').id, 'one@1.0.0');
});
