// Files of a worktree: what lies in it is read, what lies elsewhere is not, by whatever road (lesson 6).
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readFromWorktree, requireRelativePath, requireWorktree } from '#src/runtime/worktree.js';
import { tempFolder } from '../fixtures/temp.js';

/** A worktree beside a folder with a secret. */
function makeTree(t: Test): { tree: string; outside: string } {
  const folder = tempFolder(t);
  const tree = join(folder, 'tree');
  const outside = join(folder, 'tree-outside');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(tree, 'a.js'), '"a"');
  writeFileSync(join(tree, 'sub', 'b.js'), '"b"');
  writeFileSync(join(outside, 'secret.js'), '"secret"');
  return { tree: requireWorktree(tree), outside };
}

t.test('a file is read by its path inside the worktree, however that is written', async (t) => {
  const { tree } = makeTree(t);
  t.equal(readFromWorktree(tree, 'a.js'), '"a"');
  t.equal(readFromWorktree(tree, './sub//./b.js'), '"b"');
  writeFileSync(join(tree, 'u.js'), '"é😀"');
  t.equal(readFromWorktree(tree, 'u.js'), '"é😀"');
  writeFileSync(join(tree, 'empty.js'), '');
  t.equal(readFromWorktree(tree, 'empty.js'), '');
});

t.test('links inside lead on, links out do not', async (t) => {
  const { tree, outside } = makeTree(t);
  symlinkSync('sub/b.js', join(tree, 'in.js'));
  symlinkSync('sub', join(tree, 'folder'));
  symlinkSync(join(tree, 'a.js'), join(tree, 'absolute-in.js'));
  t.equal(readFromWorktree(tree, 'in.js'), '"b"');
  t.equal(readFromWorktree(tree, 'folder/b.js'), '"b"');
  t.equal(readFromWorktree(tree, 'absolute-in.js'), '"a"');
  symlinkSync(join(outside, 'secret.js'), join(tree, 'out.js'));
  symlinkSync('../tree-outside', join(tree, 'way'));
  symlinkSync('out.js', join(tree, 'twice.js'));
  symlinkSync('/proc/self/environ', join(tree, 'proc.js'));
  for (const path of ['out.js', 'way/secret.js', 'twice.js', 'proc.js']) {
    t.throws(() => readFromWorktree(tree, path), { code: 'INVALID_PATH' }, path);
  }
  symlinkSync('loop.js', join(tree, 'loop.js'));
  t.throws(() => readFromWorktree(tree, 'loop.js'), { code: 'INVALID_PATH', message: /ELOOP/ });
  symlinkSync('nothing.js', join(tree, 'dangling.js'));
  t.throws(() => readFromWorktree(tree, 'dangling.js'), { code: 'FILE_NOT_FOUND' });
});

t.test('paths that lead out are refused before anything is opened', async (t) => {
  const { tree, outside } = makeTree(t);
  for (const path of [
    '..',
    '.',
    '',
    '../tree-outside/secret.js',
    'sub/../../tree-outside/secret.js',
    'sub/../a.js',
    '/etc/passwd',
    join(outside, 'secret.js'),
    'a.js\0.txt',
  ]) {
    t.throws(() => requireRelativePath(path), { code: 'INVALID_PATH' }, JSON.stringify(path));
    t.throws(() => readFromWorktree(tree, path), { code: 'INVALID_PATH' }, JSON.stringify(path));
  }
  t.equal(requireRelativePath('..hidden.js'), '..hidden.js', 'a name may begin with dots');
});

t.test('what is no file of text is refused, and holds nobody up', async (t) => {
  const { tree } = makeTree(t);
  execFileSync('mkfifo', [join(tree, 'fifo.js')]);
  writeFileSync(join(tree, 'latin1.js'), Buffer.from([0x22, 0xe9, 0x22]));
  writeFileSync(join(tree, 'huge.js'), '');
  truncateSync(join(tree, 'huge.js'), 17 * 1024 * 1024);
  const cases: [path: string, code: string, message: RegExp][] = [
    ['fifo.js', 'FILE_NOT_FOUND', /not a regular file/],
    ['sub', 'FILE_NOT_FOUND', /not a regular file/],
    ['none.js', 'FILE_NOT_FOUND', /does not exist/],
    ['a.js/b.js', 'FILE_NOT_FOUND', /does not exist/],
    ['latin1.js', 'VALIDATION_ERROR', /not UTF-8/],
    ['huge.js', 'VALIDATION_ERROR', /17825792 bytes, expected at most/],
    ['x'.repeat(300), 'INVALID_PATH', /ENAMETOOLONG/],
  ];
  for (const [path, code, message] of cases)
    t.throws(() => readFromWorktree(tree, path), { code, message }, path);
});

t.test(
  'a file that may not be read says so',
  { skip: process.getuid?.() === 0 && 'root may read everything' },
  async (t) => {
    const { tree } = makeTree(t);
    chmodSync(join(tree, 'a.js'), 0);
    t.throws(() => readFromWorktree(tree, 'a.js'), { code: 'FILE_NOT_FOUND', message: /may not be read/ });
  },
);

t.test('a path that is swapped all the time never shows what lies outside', async (t) => {
  const { tree, outside } = makeTree(t);
  const seen = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const link = join(tree, 'next');
    symlinkSync(round % 2 === 0 ? join(outside, 'secret.js') : join(tree, 'a.js'), link);
    renameSync(link, join(tree, 'swapped.js'));
    try {
      seen.add(readFromWorktree(tree, 'swapped.js'));
    } catch (error) {
      seen.add(String((error as { code?: string }).code));
    }
  }
  t.strictSame([...seen].toSorted(), ['"a"', 'INVALID_PATH']);
});

t.test('a hard link is a file of the worktree', async (t) => {
  const { tree } = makeTree(t);
  linkSync(join(tree, 'a.js'), join(tree, 'hard.js'));
  t.equal(readFromWorktree(tree, 'hard.js'), '"a"');
});

t.test('a worktree is a folder, given by an absolute path, kept by its real one', async (t) => {
  const { tree } = makeTree(t);
  symlinkSync(tree, `${tree}-link`);
  t.equal(requireWorktree(`${tree}-link`), tree);
  t.throws(() => requireWorktree('relative'), { code: 'INVALID_PATH', message: /absolute/ });
  t.throws(() => requireWorktree(join(tree, 'a.js')), { code: 'INVALID_PATH', message: /not a folder/ });
  t.throws(() => requireWorktree(join(tree, 'none')), { code: 'FILE_NOT_FOUND' });
  t.throws(() => requireWorktree(`${tree}\0`), { code: 'INVALID_PATH' });
});

t.test('a worktree that was replaced by a link no longer leads anywhere', async (t) => {
  const { tree, outside } = makeTree(t);
  renameSync(tree, `${tree}-old`);
  symlinkSync(outside, tree);
  t.throws(() => readFromWorktree(tree, 'secret.js'), { code: 'INVALID_PATH', message: /leads out/ });
});
