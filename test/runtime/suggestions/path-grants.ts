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
