// Sessions as clients see them: made, named, put to sleep, ended; in every state they may be in.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RuntimeError } from '#src/runtime/errors.js';
import { nativeLoop, openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const forever = 'for (;;) {}';

t.test('without runtime.console there is no console, also after a sleep', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'quiet', runtime: { console: false } });
  const quiet = await runtime.sessions.create({ template: 'quiet' });
  const [usual, copy] = [
    await runtime.sessions.create({}),
    await runtime.sessions.create({ template: 'quiet' }),
  ];
  t.equal(await runtime.value(quiet, 'typeof console'), 'undefined');
  t.equal(await runtime.value(copy, `typeof console + ('console' in globalThis)`), 'undefinedfalse');
  t.equal(await runtime.value(usual, 'typeof console'), 'object');
  await runtime.sessions.hibernate(quiet.id);
  t.equal(await runtime.value(quiet, 'typeof console'), 'undefined');
});

t.test('a session is made from a template, and keeps that version (lesson 9)', async (t) => {
  const runtime = await openTestRuntime(t);
  const template = runtime.templates.create({ name: 'v', env: { V: '1' } });
  const old = await runtime.sessions.create({
    template: 'v',
    name: 'old',
    workspaceId: 'w',
    baseCommit: 'c',
  });
  t.match(old, {
    name: 'old',
    templateId: template.id,
    templateVersion: 1,
    workspaceId: 'w',
    baseCommit: 'c',
    status: 'ready',
    residency: 'live',
  });
  runtime.templates.update('v', { env: { V: '2' }, limits: { wallMs: 50 } });
  const fresh = await runtime.sessions.create({ template: template.id });
  t.equal(fresh.templateVersion, 2);
  t.equal(await runtime.value(old, 'process.env.V'), '1');
  t.equal(await runtime.value(fresh, 'process.env.V'), '2');
  t.match(await runtime.run(fresh, forever), { error: { message: /limit of 50 ms/ } });
  await runtime.sessions.hibernate('old');
  t.equal(await runtime.value('old', 'process.env.V'), '1', 'also when it comes back');
  t.match(runtime.sessions.get('old'), { templateVersion: 1 });
});

t.test('names are unique among sessions in use, and never like an id', async (t) => {
  const runtime = await openTestRuntime(t);
  const first = await runtime.sessions.create({ name: 'mine' });
  await t.rejects(runtime.sessions.create({ name: 'mine' }), { code: 'NAME_TAKEN', message: /"mine"/ });
  t.equal(runtime.sessions.list().items.length, 1, 'the refused one left nothing');
  await runtime.sessions.close('mine');
  const second = await runtime.sessions.create({ name: 'mine' });
  t.equal(runtime.sessions.get('mine').id, second.id, 'the one in use before the one that ended');
  t.equal(runtime.sessions.get(first.id).status, 'closed');
  for (const name of [
    '',
    ' ',
    '-a',
    'a b',
    'ses_0123456789abcdef',
    'tpl_x',
    'x'.repeat(65),
    'a/b',
    '\u0000',
    'é',
  ]) {
    await t.rejects(runtime.sessions.create({ name }), { code: 'VALIDATION_ERROR' }, JSON.stringify(name));
  }
  await t.rejects(runtime.sessions.create({ template: 'none' }), { code: 'TEMPLATE_NOT_FOUND' });
  await t.rejects(runtime.sessions.create({ worktree: 'relative' }), { code: 'INVALID_PATH' });
  await t.rejects(runtime.sessions.create({ worktree: '/nowhere/at/all' }), { code: 'FILE_NOT_FOUND' });
});

t.test('startup files run in order and are recorded; each session has what they did', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'one.js'), 'console.log("one"); globalThis.seen = [1]; let secret = 5');
  writeFileSync(join(worktree, 'two.js'), 'console.log("two"); seen.push(2, secret); await 0');
  runtime.templates.create({
    name: 'start',
    startup: [
      { path: 'two.js', order: 2 },
      { path: 'one.js', order: 1 },
    ],
  });
  for (const turn of ['first', 'second, warm']) {
    const session = await runtime.sessions.create({ template: 'start', worktree });
    t.strictSame(await runtime.value(session, 'seen.push(3), seen'), [1, 2, 5, 3], turn);
    const executions = runtime.executions
      .list({ session: session.id })
      .items.filter(({ kind }) => kind === 'startup');
    t.match(
      executions,
      [
        { path: 'two.js', status: 'ok' },
        { path: 'one.js', status: 'ok' },
      ],
      turn,
    );
    const events = runtime.executions.events(executions[0]?.id ?? '').items;
    t.match(
      events.slice(0, 2),
      [
        { type: 'input_echo', payload: { text: 'two.js' } },
        { type: 'console', payload: { text: 'two' } },
      ],
      turn,
    );
  }
  writeFileSync(join(worktree, 'one.js'), 'globalThis.seen = ["new"]; let secret = 6');
  const third = await runtime.sessions.create({ template: 'start', worktree });
  t.strictSame(await runtime.value(third, 'seen'), ['new', 2, 6], 'a changed file makes another start');
});

t.test('a session whose startup fails is not live, holds no worker and says why (lesson 5)', async (t) => {
  const runtime = await openTestRuntime(t);
  const folder = tempFolder(t);
  const worktree = join(folder, 'tree');
  mkdirSync(worktree);
  writeFileSync(join(worktree, 'good.js'), 'globalThis.good = 1');
  writeFileSync(join(worktree, 'throws.js'), 'throw new RangeError("out of luck")');
  writeFileSync(join(worktree, 'spins.js'), forever);
  writeFileSync(join(worktree, 'native.js'), nativeLoop);
  writeFileSync(join(worktree, 'never.mjs'), 'await new Promise(() => {})');
  writeFileSync(join(folder, 'secret.js'), '1');
  symlinkSync('../secret.js', join(worktree, 'out.js'));
  const cases: [startup: string[], code: string, message: RegExp][] = [
    [['good.js', 'throws.js'], 'STARTUP_FAILED', /"throws\.js": RangeError: out of luck/],
    [['spins.js'], 'STARTUP_FAILED', /TimeoutError/],
    [['native.js'], 'STARTUP_FAILED', /TimeoutError/],
    [['never.mjs'], 'STARTUP_FAILED', /can never settle/],
    [['none.js'], 'FILE_NOT_FOUND', /none\.js/],
    [['out.js'], 'INVALID_PATH', /out\.js/],
  ];
  for (const [index, [startup, code, message]] of cases.entries()) {
    runtime.templates.create({ name: `t${index}`, startup, limits: { wallMs: 100 } });
    const name = `s${index}`;
    await t.rejects(runtime.sessions.create({ template: `t${index}`, name, worktree }), { code, message });
    t.match(runtime.sessions.get(name), { status: 'crashed', residency: 'none', lastError: message });
    await t.rejects(runtime.run(name, '1'), { code: 'SESSION_NOT_READY', message });
    await t.rejects(runtime.sessions.hibernate(name), { code: 'SESSION_NOT_READY' });
    t.equal(runtime.sessions.interrupt(name), false);
  }
  await until('their workers to be given back', () => runtime.summary().workers.busy === 0);
  t.match(runtime.summary(), {
    sessions: { ready: 0, live: 0, hibernated: 0, crashed: cases.length },
    liveSessionIds: [],
  });
  t.match(runtime.executions.list({ session: 's0' }).items, [
    { path: 'throws.js', status: 'error' },
    { path: 'good.js', status: 'ok' },
  ]);
  t.match(await runtime.sessions.close('s0'), { status: 'closed' });
  await runtime.sessions.create({ name: 's1' });
  t.pass('the name of a crashed session can be had again');
});

t.test('a startup failure says which session and which error', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'bad.js'), 'null.x');
  runtime.templates.create({ name: 'bad', startup: ['bad.js'] });
  try {
    await runtime.sessions.create({ template: 'bad', worktree });
    t.fail('it was made');
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    t.match(error.details, { sessionId: /^ses_/, path: 'bad.js', error: { name: 'TypeError' } });
  }
});

t.test('closing and deleting end what runs, and those who wait are told', async (t) => {
  const runtime = await openTestRuntime(t);
  const events = () => runtime.executions.list().items.length;
  for (const end of ['close', 'delete'] as const) {
    const session = await runtime.sessions.create({ name: end });
    const running = runtime.run(session, 'globalThis.n = 1; for (;;) {}');
    const waiting = [
      runtime.run(session, '1', { ifBusy: 'wait' }),
      runtime.run(session, '2', { ifBusy: 'wait' }),
    ];
    const outcomes = Promise.allSettled(waiting);
    await runtime.sessions[end](session.id);
    t.match(await running, { status: 'cancelled' });
    for (const outcome of await outcomes) {
      t.match(outcome, {
        status: 'rejected',
        reason: { code: /^SESSION_NOT_(?:READY|FOUND)$/ },
      });
    }
  }
  t.match(runtime.sessions.get('close'), { status: 'closed', residency: 'none', closedAt: String });
  t.equal(events(), 1, 'executions go with a session that is deleted');
  t.match(await runtime.sessions.close('close'), { status: 'closed' }, 'closing again changes nothing');
  t.throws(() => runtime.sessions.get('delete'), { code: 'SESSION_NOT_FOUND' });
  await t.rejects(runtime.sessions.delete('delete'), { code: 'SESSION_NOT_FOUND' });
  await runtime.sessions.delete('close');
  t.equal(runtime.sessions.list().items.length, 0);
  t.match(runtime.summary(), { liveSessionIds: [], executions: { running: 0, total: 0 } });
});

t.test('a session that ended has no timers', async (t) => {
  const runtime = await openTestRuntime(t);
  const ended = ['close', 'delete'] as const;
  for (const end of ended) {
    const session = await runtime.sessions.create({});
    await runtime.run(session, 'setInterval(() => {}, 5)');
    if (end === 'delete') await runtime.sessions.hibernate(session.id);
    await runtime.sessions[end](session.id);
  }
  const other = await runtime.sessions.create({});
  await runtime.run(other, 'await new Promise((done) => setTimeout(done, 30))');
  t.strictSame(runtime.logs, []);
});

t.test('closing does not wait for those in line', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const calls = [
    runtime.run(session, forever),
    ...Array.from({ length: 64 }, () => runtime.run(session, forever, { ifBusy: 'wait' })),
  ];
  const outcomes = Promise.allSettled(calls);
  t.match(await runtime.sessions.close(session.id), { status: 'closed' });
  const [first, ...rest] = await outcomes;
  t.match(first, { status: 'fulfilled', value: { status: 'cancelled' } });
  for (const one of rest) t.match(one, { status: 'rejected', reason: { code: 'SESSION_NOT_READY' } });
});

t.test('a session in a worker that died is closed, deleted and put to sleep like any other', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'short', limits: { wallMs: 50 } });
  for (const end of ['close', 'delete', 'hibernate'] as const) {
    const { id } = await runtime.sessions.create({ template: 'short' });
    await runtime.run(id, 'globalThis.n = 7');
    t.match(await runtime.run(id, nativeLoop), { status: 'timeout', state: 'rolled_back' });
    await runtime.sessions[end](id);
    if (end === 'hibernate') t.equal(await runtime.value(id, 'n'), 7);
  }
});

t.test('a session that sleeps wakes with its state and all that was known of it', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({ name: 'sleeper' });
  await runtime.run('sleeper', 'let n = 1; setTimeout(() => { n = 100 }, 1e6)');
  const before = runtime.sessions.get('sleeper');
  t.ok(before.lastUsedAt >= session.createdAt);
  const slept = await runtime.sessions.hibernate('sleeper');
  t.match(slept, { residency: 'hibernated', status: 'ready', lastUsedAt: before.lastUsedAt });
  t.match(runtime.summary(), { sessions: { ready: 1, live: 0, hibernated: 1 } });
  t.strictSame(await runtime.sessions.hibernate('sleeper'), slept, 'again changes nothing');
  t.equal(await runtime.value('sleeper', '++n'), 2);
  t.match(runtime.sessions.get('sleeper'), { residency: 'live', restoredFrom: String });
});

t.test('names that could follow are looked up in the session', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  await runtime.run(session, 'let apple = { pear: 1, peach: 2 }');
  t.strictSame(await runtime.sessions.complete(session.id, 'apple.pe'), {
    items: ['peach', 'pear'],
    replaces: 'pe',
  });
  await runtime.sessions.hibernate(session.id);
  t.strictSame(
    await runtime.sessions.complete(session.id, 'appl'),
    { items: ['apple'], replaces: 'appl' },
    'asleep',
  );
  const running = runtime.run(session, forever);
  await t.rejects(runtime.sessions.complete(session.id, 'a'), { code: 'SESSION_BUSY' });
  runtime.sessions.interrupt(session.id);
  await running;
});

t.test('completion ends although a trap of a proxy does not', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  await runtime.run(
    session,
    `globalThis.n = 1; globalThis.trap = new Proxy({}, { ownKeys() { n = 2; for (;;) {} } });
    globalThis.native = new Proxy({}, { ownKeys() { n = 3; return ${nativeLoop} } }); 0`,
  );
  t.strictSame(await runtime.sessions.complete(session.id, 'trap.'), { items: [], replaces: '' });
  t.strictSame(await runtime.sessions.complete(session.id, 'native.'), { items: [], replaces: '' });
  t.equal(await runtime.value(session, 'n'), 1, 'the session goes on, and is as before');
  t.strictSame(runtime.logs, []);
});

t.test('sessions are listed newest first, by status and template, in pages', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'other' });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++)
    ids.unshift((await runtime.sessions.create({ template: n % 2 ? 'other' : 'default' })).id);
  await runtime.sessions.close(ids[0] ?? '');
  const page = runtime.sessions.list({ limit: 3 });
  t.strictSame(
    page.items.map(({ id }) => id),
    ids.slice(0, 3),
  );
  const rest = runtime.sessions.list({ limit: 3, cursor: page.nextCursor });
  t.strictSame(
    rest.items.map(({ id }) => id),
    ids.slice(3),
  );
  t.equal(rest.nextCursor, undefined);
  t.equal(runtime.sessions.list({ status: 'closed' }).items.length, 1);
  t.equal(runtime.sessions.list({ template: 'other' }).items.length, 2);
  t.throws(() => runtime.sessions.list({ template: 'none' }), { code: 'TEMPLATE_NOT_FOUND' });
  t.throws(() => runtime.sessions.list({ limit: 0 }), { code: 'VALIDATION_ERROR' });
});
