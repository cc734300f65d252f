// What cannot be written is an error, never silence (lesson 7); and with room again, all goes on.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';

/** A file system of its own, of so many MiB; `undefined` where this user may not make one. */
function smallDisk(t: Test, sizeMb: number): string | undefined {
  const folder = tempFolder(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  t.teardown(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

t.test('on a full disk calls fail with an error, and succeed again when there is room', async (t) => {
  const disk = smallDisk(t, 16);
  if (disk === undefined) return t.skip('only root may mount a small disk');
  const runtime = await openTestRuntime(t, { database: join(disk, 'v.db'), saving: { when: 'exit' } });
  const session = await runtime.sessions.create({ name: 'one' });
  const done = await runtime.run(session, 'globalThis.n = 1');
  const ballast = join(disk, 'ballast');
  try {
    writeFileSync(ballast, Buffer.alloc(64 * 1024 * 1024));
  } catch {
    // It is as large as there was room.
  }
  const long = `'${'x'.repeat(7_000_000)}'.length`;
  await t.rejects(runtime.run(session, long), { code: /^SQLITE_(?:FULL|IOERR)/ }, 'its record does not fit');
  await t.rejects(runtime.sessions.create({ name: 'y'.repeat(64), workspaceId: 'x'.repeat(100_000) }), {
    code: /^SQLITE_/,
  });
  t.match(runtime.executions.get(done.id), { status: 'ok' }, 'what was written can be read');
  rmSync(ballast);
  t.match(await runtime.run(session, 'n += 10; n'), { status: 'ok', result: { json: 11 } });
  t.match(await runtime.sessions.create({}), { status: 'ready' });
  t.equal(runtime.executions.list({ status: 'running' }).items.length, 0);
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database });
  t.equal(await again.value('one', 'n'), 11);
});

t.test('an end that cannot be written fails the call, and the record says so', async (t) => {
  const disk = smallDisk(t, 16);
  if (disk === undefined) return t.skip('only root may mount a small disk');
  const runtime = await openTestRuntime(t, { database: join(disk, 'v.db'), saving: { when: 'exit' } });
  runtime.templates.create({ name: 'wordy', limits: { maxOutputKb: 65_536 } });
  const session = await runtime.sessions.create({ template: 'wordy', name: 'one' });
  await runtime.run(session, 'globalThis.n = 1');
  await t.rejects(runtime.run(session, `n += 1; console.log('x'.repeat(30e6))`), {
    code: /^SQLITE_(?:FULL|IOERR)/,
  });
  t.match(await runtime.run(session, 'n'), { status: 'ok', result: { json: 2 } }, 'its effect is kept');
  const failed = runtime.executions.list({ session: 'one' }).items[1];
  t.match(failed, {
    status: 'crashed',
    state: 'kept',
    error: { name: 'StorageError', message: /ended with status ok.*full/ },
  });
  t.match(runtime.summary(), { executions: { running: 0 } });
  await runtime.sessions.hibernate('one');
  t.equal(await runtime.value('one', 'n'), 2);
});
