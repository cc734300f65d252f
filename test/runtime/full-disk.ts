// What cannot be written is an error, never silence (lesson 7); and with room again, all goes on.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';

const mount = (folder: string, sizeMb: number): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]).status === 0;

/** Whether this user may make a file system; a container's root may not everywhere. */
function mayMount(): boolean {
  const folder = mkdtempSync('/tmp/vm-');
  const mounted = mount(folder, 1);
  if (mounted) spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
  return mounted;
}

const skip = !mayMount() && 'this user may not mount a small disk';

/** A file system of its own, of so many MiB. */
function smallDisk(t: Test, sizeMb: number): string {
  const folder = tempFolder(t);
  mount(folder, sizeMb);
  t.teardown(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

t.test(
  'on a full disk calls fail with an error, and succeed again when there is room',
  { skip },
  async (t) => {
    const disk = smallDisk(t, 16);
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
    await t.rejects(
      runtime.run(session, long),
      { code: /^SQLITE_(?:FULL|IOERR)/ },
      'its record does not fit',
    );
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
  },
);

t.test('an end that cannot be written fails the call, and the record says so', { skip }, async (t) => {
  const disk = smallDisk(t, 16);
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
