// Touched paths to the fewest grants.
import t from 'tap';
import { mergeGrants, mostSiblings } from '#src/runtime/suggestions/path-grants.js';

const read = (...paths: string[]) => paths.map((path) => ({ path, write: false }));
const written = (...paths: string[]) => paths.map((path) => ({ path, write: true }));
const files = (folder: string, count: number) => Array.from({ length: count }, (_, at) => `${folder}/${at}`);

t.test('what lies in a granted folder needs no grant of its own', async (t) => {
  t.strictSame(mergeGrants(read('/a/b', '/a', '/ab'), []), read('/a', '/ab'));
  t.strictSame(mergeGrants([...read('/a/b', '/c'), ...written('/a')], []), [...written('/a'), ...read('/c')]);
  t.strictSame(
    mergeGrants([...read('/a'), ...written('/a/b')], []),
    [...read('/a'), ...written('/a/b')],
    'unless it is written to',
  );
});

t.test('many siblings become their folder, a few do not', async (t) => {
  t.strictSame(mergeGrants(read(...files('/a/b', mostSiblings + 1)), []), read('/a/b'));
  t.equal(mergeGrants(read(...files('/a/b', mostSiblings)), []).length, mostSiblings);
  t.strictSame(mergeGrants([...written(...files('/a', 9)), ...read('/a/x')], []), written('/a'));
  const folders = files('/top', 9).flatMap((folder) => files(folder, 9));
  t.strictSame(mergeGrants(read(...folders), []), read('/top'), 'folder by folder');
});

t.test('neither the root nor the home is granted because of what lies in it', async (t) => {
  t.equal(mergeGrants(read(...files('', 9)), []).length, 9);
  t.equal(mergeGrants(read(...files('/home/me', 9)), ['/home/me']).length, 9);
  t.equal(mergeGrants(read(...files('/home', 9)), ['/home/me']).length, 9);
  t.strictSame(mergeGrants(read(...files('/home/me/x', 9)), ['/home/me']), read('/home/me/x'));
});

t.test('thousands of paths, and folders as deep as a path can be, take no time', async (t) => {
  const deep = Array.from({ length: 500 }, (_, depth) => '/d'.repeat(depth + 1));
  const steps = deep.flatMap((folder) => files(folder, mostSiblings).map((path) => `${path}x`));
  const flat = Array.from({ length: 8000 }, (_, at) => `/f${at}/a`);
  const startedAt = process.cpuUsage();
  t.strictSame(mergeGrants(read(...steps, `${deep.at(-1)}/last`), []), read('/d'));
  t.equal(mergeGrants([...read(...flat), ...written(...flat.map((path) => `${path}/b`))], []).length, 16_000);
  t.ok(process.cpuUsage(startedAt).user < 2e6, 'CPU time, microseconds');
});
