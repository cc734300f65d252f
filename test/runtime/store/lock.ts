import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import { acquireLock } from '#src/runtime/store/lock.js';
import { tempFolder } from '../../fixtures/temp.js';

t.test('a lock is held by one, and can be had again when it is released', async (t) => {
  const path = join(tempFolder(t), 'x.lock');
  const lock = acquireLock(path);
  t.ok(lock);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(acquireLock(path), undefined, 'not twice in one process');
  lock?.release();
  lock?.release();
  const again = acquireLock(path);
  t.ok(again);
  again?.release();
});

t.test('the lock of a killed process is free', async (t) => {
  const path = join(tempFolder(t), 'x.lock');
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const code = `
    const database = new (require(${JSON.stringify(sqlite)}))(${JSON.stringify(path)});
    database.exec('BEGIN EXCLUSIVE');
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  t.equal(acquireLock(path), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = acquireLock(path);
  t.ok(lock);
  lock?.release();
});

t.test('a file that cannot be a lock is an error, not a holder', async (t) => {
  t.throws(() => acquireLock(join(tempFolder(t), 'none', 'x.lock')));
});
