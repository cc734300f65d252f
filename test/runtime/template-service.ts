// Templates as clients see them: versions, names, and what goes with one that is deleted.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';

t.test('a template named default always exists, keeps its name and cannot be deleted', async (t) => {
  const runtime = await openTestRuntime(t);
  const { id } = runtime.templates.get('default');
  t.match(runtime.templates.get(id), {
    name: 'default',
    version: 1,
    limits: { cpuMs: 5000, wallMs: 30_000, memMb: 128 },
  });
  t.throws(() => runtime.templates.update('default', { name: 'other' }), { code: 'VALIDATION_ERROR' });
  await t.rejects(runtime.templates.delete('default'), { code: 'VALIDATION_ERROR' });
  t.match(runtime.templates.update('default', { env: { A: '1' } }), { version: 2, env: { A: '1' } });
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database });
  t.match(again.templates.get('default'), { id, version: 2, env: { A: '1' } }, 'and is not made again');
});

t.test('every change is a new version', async (t) => {
  const { templates } = await openTestRuntime(t);
  const made = templates.create({ name: 'x', limits: { wallMs: 10 } });
  t.match(made, {
    id: /^tpl_/,
    name: 'x',
    engine: 'quickjs',
    version: 1,
    limits: { wallMs: 10, cpuMs: 5000 },
  });
  t.strictSame(templates.get('x'), made);
  t.match(templates.update('x', { limits: { cpuMs: 20 } }), {
    version: 2,
    limits: { wallMs: 10, cpuMs: 20 },
  });
  t.match(templates.update('x', { name: 'y' }), { version: 3, id: made.id, name: 'y' });
  t.throws(() => templates.get('x'), { code: 'TEMPLATE_NOT_FOUND' });
  t.match(templates.addStartup('y', { path: 'b.js' }), { version: 4, startup: [{ path: 'b.js' }] });
  t.match(
    templates.addStartup('y', { path: './a.js', order: 1 }).startup.map(({ path }) => path),
    ['a.js', 'b.js'],
  );
  t.match(
    templates.addStartup('y', { path: 'a.js', order: 100 }).startup.map(({ path }) => path),
    ['b.js', 'a.js'],
    'moved, not there twice',
  );
  t.match(
    templates.removeStartup('y', './b.js').startup.map(({ path }) => path),
    ['a.js'],
  );
  t.throws(() => templates.removeStartup('y', 'b.js'), { code: 'FILE_NOT_FOUND' });
  t.match(templates.addCapability('y', { kind: 'env', name: 'HOME' }).capabilities, [
    { kind: 'env', name: 'HOME', enabled: true },
  ]);
  t.match(templates.addCapability('y', { kind: 'env', name: 'HOME', enabled: false }).capabilities, [
    { enabled: false },
  ]);
  t.strictSame(templates.removeCapability('y', { kind: 'env', name: 'HOME' }).capabilities, []);
  t.throws(() => templates.removeCapability('y', { kind: 'env', name: 'HOME' }), {
    code: 'MODULE_NOT_ALLOWED',
  });
  t.throws(() => templates.addCapability('y', { kind: 'module', name: 'JSON' }), {
    code: 'MODULE_NOT_ALLOWED',
  });
  t.throws(() => templates.addCapability('y', { kind: 'module', name: 'exec' }), {
    code: 'VALIDATION_ERROR',
    message: /allow/,
  });
  templates.addCapability('y', { kind: 'global', name: 'fs' });
  t.match(
    templates.addCapability('y', { kind: 'global', name: 'fs', config: { write: true } }).capabilities,
    [{ kind: 'global', name: 'fs', config: { write: true } }],
    'in place of the one before',
  );
  t.throws(() => templates.addCapability('y', { kind: 'module', name: 'fs' }), {
    code: 'VALIDATION_ERROR',
    message: /global "fs" and module "fs" grant the same module/,
  });
  t.throws(() => templates.addLibrary('y', 'lodash'), { code: 'LIBRARY_NOT_FOUND' });
  t.throws(() => templates.removeLibrary('y', 'lodash'), { code: 'LIBRARY_NOT_FOUND' });
  const { version } = templates.get('y');
  t.throws(() => templates.update('y', { limits: { memMb: 1 } }), { code: 'VALIDATION_ERROR' });
  t.equal(templates.get('y').version, version, 'a refused change is no version');
  t.strictSame(
    templates.modules().map(({ name }) => name),
    ['fs', 'path', 'buffer', 'exec', 'database', 'net'],
  );
});

t.test('names are unique and never like an id', async (t) => {
  const { templates } = await openTestRuntime(t);
  const first = templates.create({ name: 'taken' });
  templates.create({ name: 'other' });
  t.throws(() => templates.create({ name: 'taken' }), { code: 'NAME_TAKEN', message: /"taken"/ });
  t.throws(() => templates.update('other', { name: 'taken' }), { code: 'NAME_TAKEN' });
  t.equal(templates.get('other').version, 1);
  t.match(templates.update('taken', { name: 'taken' }), { version: 2 }, 'its own name is not taken');
  for (const name of ['', 'a b', 'tpl_0123456789abcdef', 'ses_x', '.x', 'x'.repeat(65)]) {
    t.throws(() => templates.create({ name }), { code: 'VALIDATION_ERROR' }, JSON.stringify(name));
  }
  t.equal(templates.get('taken').id, first.id);
});

t.test('templates are listed newest first, in pages', async (t) => {
  const { templates } = await openTestRuntime(t);
  for (const name of ['a', 'b', 'c']) templates.create({ name });
  const page = templates.list({ limit: 3 });
  t.strictSame(
    page.items.map(({ name }) => name),
    ['c', 'b', 'a'],
  );
  const rest = templates.list({ limit: 3, cursor: page.nextCursor });
  t.strictSame(
    rest.items.map(({ name }) => name),
    ['default'],
  );
  t.equal(rest.nextCursor, undefined);
});

t.test('deleting a template ends its sessions, and takes all that hangs on it', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'slow.js'), 'await new Promise((done) => setTimeout(done, 150))');
  runtime.templates.create({ name: 'doomed' });
  runtime.templates.create({ name: 'doomed-slow', startup: ['slow.js'] });
  const idle = await runtime.sessions.create({ template: 'doomed', name: 'idle' });
  const busy = await runtime.sessions.create({ template: 'doomed', name: 'busy' });
  const other = await runtime.sessions.create({});
  await runtime.run(idle, 'globalThis.x = 1');
  await runtime.sessions.hibernate(idle.id);
  const running = runtime.run(busy, 'for (;;) {}');
  await runtime.templates.delete('doomed');
  t.match(await running, { status: 'cancelled' });
  t.throws(() => runtime.templates.get('doomed'), { code: 'TEMPLATE_NOT_FOUND' });
  for (const session of [idle, busy])
    t.throws(() => runtime.sessions.get(session.id), { code: 'SESSION_NOT_FOUND' });
  t.equal(await runtime.value(other, '1'), 1);
  const starting = runtime.sessions.create({ template: 'doomed-slow', worktree });
  const outcome = t.rejects(starting);
  await runtime.templates.delete('doomed-slow');
  await outcome;
  t.match(runtime.summary(), { sessions: { ready: 1, live: 1, crashed: 0 }, executions: { total: 1 } });
  t.strictSame(runtime.logs, []);
});

t.test('sessions made while their template is being deleted go with it', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'doomed' });
  const first = await runtime.sessions.create({ template: 'doomed' });
  const running = runtime.run(first, 'for (;;) {}');
  const deleting = runtime.templates.delete('doomed');
  const late = runtime.sessions.create({ template: 'doomed' }).then(
    ({ id }) => id,
    (error: unknown) => error,
  );
  await deleting;
  await running;
  await late;
  t.match(runtime.summary(), { sessions: { ready: 0, live: 0 }, liveSessionIds: [] });
  t.equal(runtime.sessions.list().items.length, 0);
  t.strictSame(runtime.logs, []);
});

t.test('a template made after another was deleted starts as its own files say', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  for (const word of ['first', 'second', 'third']) {
    writeFileSync(
      join(worktree, 'start.js'),
      `globalThis.word = '${word}'; globalThis.pad = '${word}'.repeat(2000)`,
    );
    runtime.templates.create({ name: 'again', startup: ['start.js'] });
    for (const turn of ['cold', 'warm', 'warm again']) {
      const session = await runtime.sessions.create({ template: 'again', worktree });
      t.equal(await runtime.value(session, 'word'), word, `${word}, ${turn}`);
      await runtime.sessions.hibernate(session.id);
      t.equal(await runtime.value(session, 'pad.slice(0, word.length)'), word, `${word}, ${turn}, woken`);
    }
    await runtime.templates.delete('again');
  }
});
