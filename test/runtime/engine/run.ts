// A run under its limits: how it is stopped, what it leaves behind, and that the next one finds it.
import t from 'tap';
import { TestSandbox, type Change } from '../../fixtures/sandbox.js';

/** Runs `code` in a session that has counted to 1, and checks that it can go on counting as `state` says. */
async function endOf(code: string, change: Change = {}) {
  const sandbox = await TestSandbox.open(change.limits?.memMb ?? 64);
  await sandbox.run('globalThis.n = 1; globalThis.left = "before"');
  const ran = await sandbox.run(`n = 2; ${code}`, change);
  const expected = ran.report.state === 'kept' ? 2 : 1;
  const after = await sandbox.value('n');
  const goesOn = await sandbox.value('n += 40; [n, typeof left, new Map([[1, 2]]).get(1)]');
  return {
    ...ran,
    sandbox,
    after,
    sound: after === expected && JSON.stringify(goesOn) === JSON.stringify([expected + 40, 'string', 2]),
  };
}

t.test('each limit ends a run with its name, and the next run answers', async (t) => {
  const cases: [title: string, code: string, change: Change, report: object][] = [
    [
      'wall time',
      'for (;;) {}',
      { limits: { wallMs: 50 } },
      {
        status: 'timeout',
        state: 'kept',
        error: { name: 'TimeoutError', message: 'wall time limit of 50 ms exceeded', limit: 'wallMs' },
      },
    ],
    [
      'CPU time',
      'for (;;) {}',
      { limits: { cpuMs: 60 } },
      { status: 'timeout', state: 'kept', error: { limit: 'cpuMs', message: /CPU time limit of 60 ms/ } },
    ],
    [
      'CPU time in jobs',
      '(function f() { return Promise.resolve().then(f) })()',
      { limits: { cpuMs: 60 } },
      { status: 'timeout', state: 'rolled_back', error: { limit: 'cpuMs' } },
    ],
    [
      'wall time while it waits',
      'await new Promise((done) => setTimeout(done, 60_000))',
      { limits: { wallMs: 40 } },
      { status: 'timeout', error: { limit: 'wallMs' } },
    ],
    [
      'wall time in a regular expression',
      `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
      { limits: { wallMs: 60 } },
      { status: 'timeout', state: 'kept', error: { limit: 'wallMs' } },
    ],
    [
      'wall time in a sort',
      'Array.from({ length: 1e5 }, (_, i) => -i).sort(() => { for (;;) {} })',
      { limits: { wallMs: 60 } },
      { status: 'timeout', error: { limit: 'wallMs' } },
    ],
    [
      'wall time in a getter of the value',
      '({ get a() { for (;;) {} } }).a',
      { limits: { wallMs: 60 } },
      { status: 'timeout', error: { limit: 'wallMs' } },
    ],
    [
      'memory',
      'let all = []; for (;;) all.push(new Array(1e4).fill(n))',
      { limits: { memMb: 24 } },
      {
        status: 'limit_exceeded',
        state: 'rolled_back',
        error: { limit: 'memMb', message: 'memory limit of 24 MiB exceeded' },
      },
    ],
    [
      'memory at once',
      'new ArrayBuffer(1e9)',
      { limits: { memMb: 24 } },
      { status: 'limit_exceeded', state: 'rolled_back', error: { limit: 'memMb' } },
    ],
    [
      'memory of strings',
      `let all = []; for (;;) all.push('x'.repeat(1e5) + all.length)`,
      { limits: { memMb: 24 } },
      { state: 'rolled_back', status: 'limit_exceeded', error: { limit: 'memMb' } },
    ],
    [
      'events',
      'for (;;) console.log(n)',
      { limits: { maxEvents: 10 } },
      {
        status: 'limit_exceeded',
        state: 'kept',
        error: { name: 'LimitError', limit: 'maxEvents', message: 'limit of 10 events exceeded' },
      },
    ],
    [
      'output',
      `for (;;) console.log('x'.repeat(500))`,
      { limits: { maxOutputKb: 2 } },
      {
        status: 'limit_exceeded',
        state: 'kept',
        error: { name: 'LimitError', limit: 'maxOutputKb', message: 'output limit of 2 KiB exceeded' },
      },
    ],
    [
      'output at once',
      `process.stdout.write('x'.repeat(1e6))`,
      { limits: { maxOutputKb: 2 } },
      { status: 'limit_exceeded', state: 'kept', error: { limit: 'maxOutputKb' } },
    ],
  ];
  for (const [title, code, change, report] of cases) {
    const ended = await endOf(code, change);
    t.match(ended.report, report, title);
    t.ok(ended.sound, `${title}: goes on from a state that is ${ended.report.state}`);
  }
});

t.test('a value whose description never ends is stopped', async (t) => {
  const { report, sound } = await endOf(
    'new Proxy({}, { ownKeys() { for (;;) {} }, getPrototypeOf() { for (;;) {} } })',
    {
      limits: { wallMs: 60 },
    },
  );
  t.match(report.status, /^(?:timeout|ok)$/);
  t.ok(sound);
});

t.test('sleeping takes no CPU time', async (t) => {
  const { report } = await endOf('await new Promise((done) => setTimeout(done, 300)); "slept"', {
    limits: { cpuMs: 100 },
  });
  t.match(report, { status: 'ok', result: { json: 'slept' } });
  t.ok(report.metrics.cpuMs < 100);
});

t.test('what was printed before a limit is told, and no more than the limit', async (t) => {
  const events = await endOf('for (let i = 0; ; i++) console.log(i)', { limits: { maxEvents: 10 } });
  t.strictSame(
    events.events.map(({ payload }) => ('text' in payload ? payload.text : '')),
    ['0', '1', '2', '3', '4', '5', '6', '7'],
    'two are kept for the echo and the error',
  );
  const output = await endOf(`console.log('é'.repeat(600)); for (;;) console.log('é'.repeat(600))`, {
    limits: { maxOutputKb: 2 },
  });
  const bytes = output.events.map(({ payload }) => ('text' in payload ? Buffer.byteLength(payload.text) : 0));
  t.equal(bytes[0], 1200);
  t.ok(bytes.reduce((a, b) => a + b, 0) <= 2048 + 2, `${bytes.join('+')} bytes`);
  const loop = await endOf('try { for (;;) console.log(1) } catch {} console.log("after"); "more"', {
    limits: { maxEvents: 5 },
  });
  t.equal(loop.events.length, 3);
  t.equal(loop.report.status, 'limit_exceeded');
});

t.test('a value larger than the output limit is cut and marked', async (t) => {
  const { report, sound } = await endOf(`'x'.repeat(1e6)`, { limits: { maxOutputKb: 2 } });
  t.equal(report.status, 'ok');
  t.ok((report.result?.preview.length ?? 0) <= 2048 + 64, 'the mark apart');
  t.equal(report.result?.json, undefined);
  t.ok(sound);
});

t.test('onFailure: rollback undoes a failed run whole, and only a failed one', async (t) => {
  const failures: [string, Change][] = [
    ['throw new Error("no")', {}],
    ['await null; left = "changed"; throw 1', {}],
    ['left = "changed"; for (;;) {}', { limits: { wallMs: 40 } }],
    ['left = "changed"; for (;;) console.log(1)', { limits: { maxEvents: 5 } }],
  ];
  for (const [code, change] of failures) {
    const { report, sandbox, sound } = await endOf(code, { ...change, rollbackOnFailure: true });
    t.equal(report.state, 'rolled_back', code);
    t.ok(sound, code);
    t.equal(await sandbox.value('left'), 'before');
  }
  const { report, sound } = await endOf('left = "kept"', { rollbackOnFailure: true });
  t.match(report, { status: 'ok', state: 'kept' });
  t.ok(sound);
});

t.test('code that would run on by itself after a limit is rolled back', async (t) => {
  for (const code of [
    '(async () => { for (;;) await 0 })(); 1',
    'Promise.resolve().then(function f() { return Promise.resolve().then(f) }); 1',
    'await new Promise(() => { queueMicrotask(function f() { queueMicrotask(f) }) })',
  ]) {
    const { report, sound } = await endOf(code, { limits: { wallMs: 50 } });
    t.match(report, { status: 'timeout', state: 'rolled_back', error: { limit: 'wallMs' } }, code);
    t.ok(sound, code);
  }
});

t.test('an async function that was stopped never goes on', async (t) => {
  for (const code of [
    '(async () => { for (;;) { try { await 0; for (;;) {} } catch { n = 9 } } })(); 1',
    'await (async () => { await 0; for (;;) {} })()',
  ]) {
    const { report, sound } = await endOf(code, { limits: { wallMs: 50 } });
    t.match(report, { status: 'timeout', state: 'kept', error: { limit: 'wallMs' } }, code);
    t.ok(sound, code);
  }
});

t.test('a stopped run cannot go on in catch or finally', async (t) => {
  for (const code of [
    'try { for (;;) {} } catch { left = "caught" }',
    'try { for (;;) {} } finally { left = "finally" }',
    'await (async () => { try { for (;;) {} } catch { left = "caught" } })()',
    'await (async () => { for (;;) {} })().catch(() => { left = "caught" })',
  ]) {
    const { sandbox, report } = await endOf(code, { limits: { wallMs: 50 } });
    t.match(report, { status: 'timeout' }, code);
    t.equal(await sandbox.value('left'), 'before', code);
  }
});

t.test('a run that is cancelled says so, while it computes and while it waits', async (t) => {
  const computing = await TestSandbox.open();
  computing.cancelling.afterPolls = 5;
  t.match((await computing.run('for (;;) {}')).report, {
    status: 'cancelled',
    error: { name: 'CancelledError' },
  });
  t.equal(await computing.value('1 + 1'), 2);
  const waiting = await TestSandbox.open();
  const run = waiting.run('await new Promise((done) => setTimeout(done, 60_000))');
  waiting.cancelling.flag = true;
  waiting.cancelling.controller.abort();
  t.match((await run).report, { status: 'cancelled' });
  const sandbox = await TestSandbox.open();
  sandbox.cancelling.flag = true;
  t.match((await sandbox.run('for (;;) {}')).report, { status: 'cancelled' }, 'before it began');
});
