import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ensurePrivateFolder } from '#src/host/folders.js';
import { tempFolder } from '../fixtures/temp.js';

const uid = process.getuid?.() ?? 0;
const ensure = (path: string, owner = uid) =>
  ensurePrivateFolder(path, { what: 'the state folder', flag: '--state-dir', uid: owner });

t.test('a missing folder is made with mode 0700, and its parents', async (t) => {
  const path = join(tempFolder(t), 'a', 'b');
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  ensure(path);
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  ensure(path);
});

t.test('a folder of one’s own that others may read is taken as it is', async (t) => {
  const path = tempFolder(t);
  chmodSync(path, 0o755);
  ensure(path);
  t.equal(statSync(path).mode & 0o777, 0o755);
});

t.test('a folder that others may write to is refused, with what to do', async (t) => {
  for (const mode of [0o770, 0o702, 0o777]) {
    const path = tempFolder(t);
    chmodSync(path, mode);
    t.throws(() => ensure(path), {
      code: 'UNAVAILABLE',
      message: new RegExp(
        `the state folder ${path}: its mode is 0${mode.toString(8)}.*chmod 700 ${path}.*--state-dir`,
      ),
    });
  }
  t.throws(() => ensure('/tmp'), { message: /mode is 1777/ });
});

t.test('a folder of somebody else is refused', async (t) => {
  const path = tempFolder(t);
  t.throws(() => ensure(path, uid + 1), {
    code: 'UNAVAILABLE',
    message: /belongs to user \d+, expected user/,
  });
});

t.test('a link to a folder of one’s own is followed', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'real'), { mode: 0o700 });
  symlinkSync('real', join(folder, 'link'));
  ensure(join(folder, 'link'));
});

t.test('a file in the folder’s place is refused and left alone', async (t) => {
  const path = join(tempFolder(t), 'file');
  writeFileSync(path, 'mine');
  t.throws(() => ensure(path), { message: /expected a folder, found a file/ });
  t.throws(() => ensure(join(path, 'below')), { message: /expected a folder, found a file/ });
});
