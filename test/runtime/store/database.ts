// Opening a database: new, old, newer, foreign, damaged; and who may read it.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { openDatabase } from '#src/runtime/store/database.js';
import { migrations } from '#src/runtime/store/migrations.js';
import { openRuntime } from '#src/runtime/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';

const newPath = (t: Test): string => join(tempFolder(t), 'v.db');
const mode = (path: string): number => statSync(path).mode & 0o777;

/** A database as this version makes it, closed. */
function madeDatabase(t: Test): string {
  const path = newPath(t);
  openDatabase(path).close();
  return path;
}

/** Checks that opening is refused, and that the file is as it was. */
function refused(t: Test, path: string, message: RegExp): void {
  const before = readFileSync(path);
  const modeBefore = mode(path);
  t.throws(() => openDatabase(path), { name: 'DatabaseError', message });
  t.ok(readFileSync(path).equals(before), 'not a byte was changed');
  t.equal(mode(path), modeBefore);
}

t.test('a new database is private from the first moment, and so are the files beside it', async (t) => {
  const path = newPath(t);
  const before = process.umask(0);
  const db = openDatabase(path);
  process.umask(before);
  db.exec(`INSERT INTO templates VALUES ('tpl_1', 'x', 1, '', '')`);
  t.equal(mode(path), 0o600);
  for (const end of ['-wal', '-shm']) t.equal(mode(path + end), 0o600, end);
  db.close();
});

t.test('one that others may read is closed to them', async (t) => {
  const path = madeDatabase(t);
  chmodSync(path, 0o644);
  openDatabase(path).close();
  t.equal(mode(path), 0o600);
});

t.test('every step of the shape is recorded once, also when it is opened again', async (t) => {
  const path = madeDatabase(t);
  const db = openDatabase(path);
  const log = db.prepare('SELECT version, applied_at FROM schema_version_log ORDER BY version').all();
  t.match(
    log,
    migrations.map(({ version }) => ({ version, applied_at: /^\d{4}-\d\d-\d\dT.*Z$/ })),
  );
  t.equal(log.length, migrations.length);
  db.close();
});

t.test('it is in WAL mode, with foreign keys enforced', async (t) => {
  const db = openDatabase(newPath(t));
  t.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  t.equal(db.pragma('foreign_keys', { simple: true }), 1);
  t.throws(() => db.exec(`INSERT INTO template_versions VALUES ('nobody', 1, '{}')`), {
    code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  });
  db.close();
});

t.test('a database of a newer version is refused and left alone', async (t) => {
  const path = madeDatabase(t);
  const db = new Database(path);
  db.exec(`INSERT INTO schema_version_log VALUES (999, 'later')`);
  db.close();
  chmodSync(path, 0o640);
  refused(t, path, /version 999, this vmsysd knows up to \d+; use the newer vmsysd/);
});

t.test(
  'a newer one that was killed is left alone too, what it had not yet put in its place included',
  async (t) => {
    const running = openDatabase(newPath(t));
    running.exec(`INSERT INTO schema_version_log VALUES (999, 'later')`);
    const path = newPath(t);
    for (const end of ['', '-wal']) copyFileSync(running.name + end, path + end);
    running.close();
    const before = readFileSync(`${path}-wal`);
    refused(t, path, /version 999/);
    t.ok(readFileSync(`${path}-wal`).equals(before));
  },
);

t.test('what is no database of ours is refused and left alone', async (t) => {
  const text = newPath(t);
  writeFileSync(text, 'this is a letter, not a database\n'.repeat(100));
  refused(t, text, /not an SQLite database; move the file away/);
  const foreign = newPath(t);
  const db = new Database(foreign);
  db.exec('CREATE TABLE bookmarks (url TEXT)');
  db.close();
  refused(t, foreign, /tables of another program/);
  const folder = newPath(t);
  mkdirSync(folder);
  t.throws(() => openDatabase(folder), { name: 'DatabaseError' });
  t.throws(() => openDatabase(join(folder, 'none', 'v.db')), {
    name: 'DatabaseError',
    message: /none.*folder does not exist; make it first/,
  });
});

t.test('an empty file becomes a database', async (t) => {
  const path = newPath(t);
  writeFileSync(path, '', { mode: 0o644 });
  openDatabase(path).close();
  t.equal(mode(path), 0o600);
  t.equal(readFileSync(path).subarray(0, 15).toString(), 'SQLite format 3');
});

t.test('a damaged database is refused, wherever the damage is, or opens whole', async (t) => {
  const good = madeDatabase(t);
  const bytes = readFileSync(good);
  const damage: [name: string, hurt: (path: string) => void][] = [
    ['cut in half', (path) => truncateSync(path, Math.floor(bytes.length / 2))],
    ['cut to its header', (path) => truncateSync(path, 100)],
    [
      'its schema overwritten',
      (path) =>
        writeFileSync(path, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0x5a)])),
    ],
    [
      'its header overwritten',
      (path) => writeFileSync(path, Buffer.concat([Buffer.alloc(100, 0x5a), bytes.subarray(100)])),
    ],
  ];
  for (const [name, hurt] of damage) {
    const path = newPath(t);
    copyFileSync(good, path);
    hurt(path);
    t.throws(
      () => openDatabase(path),
      { name: 'DatabaseError', message: /damaged|not an SQLite database/ },
      name,
    );
    await t.rejects(openRuntime({ database: path }), { name: 'DatabaseError' }, name);
  }
});
