import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { claim, claimPatiently, type Holder } from '#src/host/claim.js';
import { tempFolder } from '../fixtures/temp.js';

const holder: Holder = {
  pid: process.pid,
  socketPath: '/s',
  stateDir: '/d',
  startedAt: '2025-01-01T00:00:00.000Z',
};

const paths = (folder: string) => [join(folder, 'x.lock'), join(folder, 'x.json')] as const;

t.test('the first claim holds, the second is told by whom', async (t) => {
  const folder = tempFolder(t);
  const first = claim(...paths(folder), holder);
  if ('holder' in first) return t.fail('the first claim was refused');
  t.strictSame(claim(...paths(folder), { ...holder, pid: 1 }), { holder });
  t.strictSame(JSON.parse(readFileSync(join(folder, 'x.json'), 'utf8')), holder);
  first.release();
  first.release();
  first.update(holder);
  t.strictSame(readdirSync(folder), ['x.lock'], 'the record goes, the lock’s file stays');
  const next = claim(...paths(folder), holder);
  t.notOk('holder' in next);
  if (!('holder' in next)) next.release();
});

t.test('a record that a killed daemon left says nothing', async (t) => {
  const folder = tempFolder(t);
  const [lockPath, recordPath] = paths(folder);
  writeFileSync(recordPath, JSON.stringify({ ...holder, pid: 999_999_999, stopping: true }));
  const mine = await claimPatiently(lockPath, recordPath, { holder, patienceMs: 0 });
  if ('holder' in mine) return t.fail('the claim was refused');
  writeFileSync(recordPath, JSON.stringify({ ...holder, pid: 999_999_999 }));
  t.strictSame(await claimPatiently(lockPath, recordPath, { holder, patienceMs: 0 }), { holder: undefined });
  writeFileSync(recordPath, '{"pid":');
  t.strictSame(claim(lockPath, recordPath, holder), { holder: undefined });
  mine.release();
});

t.test('a holder that is stopping is waited for', async (t) => {
  const folder = tempFolder(t);
  const first = claim(...paths(folder), holder);
  if ('holder' in first) return t.fail('the first claim was refused');
  first.update({ ...holder, stopping: true });
  const [lockPath, recordPath] = paths(folder);
  t.strictSame(
    await claimPatiently(lockPath, recordPath, { holder, patienceMs: 60 }),
    { holder: { ...holder, stopping: true } },
    'not for ever',
  );
  const waiting = claimPatiently(lockPath, recordPath, { holder, patienceMs: 60_000 });
  first.release();
  const second = await waiting;
  t.notOk('holder' in second);
  t.ok(existsSync(recordPath));
  if (!('holder' in second)) second.release();
});
