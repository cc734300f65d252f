// Executions in real workers: limits that the engine does not see itself, the watchdog, and what is written down.
import t from 'tap';
import type { Execution } from '#src/records/index.js';
import { nativeLoop, openTestRuntime, printed, type TestRuntime } from '../fixtures/runtime.js';
import { until } from '../fixtures/until.js';

/** The reply, and what is stored under its id, events included. */
function stored(runtime: TestRuntime, reply: Execution): Execution {
  return {
    ...runtime.executions.get(reply.id),
    events: runtime.executions.events(reply.id).items,
  };
}

t.test(
  'a native loop that asks nobody is ended by the watchdog, and the session goes on from before',
  async (t) => {
    const runtime = await openTestRuntime(t);
    runtime.templates.create({ name: 'quick', limits: { cpuMs: 200, wallMs: 20_000 } });
    runtime.templates.create({ name: 'short', limits: { wallMs: 200 } });
    const cases = [
      { template: 'quick', report: { status: 'timeout', error: { limit: 'cpuMs' } } },
      { template: 'short', report: { status: 'timeout', error: { limit: 'wallMs' } } },
      { template: 'default', report: { status: 'cancelled', error: { name: 'CancelledError' } } },
    ];
    await Promise.all(
      cases.map(async ({ template, report }) => {
        const session = await runtime.sessions.create({ template });
        await runtime.run(
          session,
          'let n = 1; function* ids() { let i = 0; for (;;) yield ++i } const it = ids(); it.next()',
        );
        const cancel = new AbortController();
        const execution = await runtime.executions.repl(
          { session: session.id, code: `console.log('before'); n = 2; ${nativeLoop}` },
          {
            signal: cancel.signal,
            onEvent: ({ type }) => type === 'console' && template === 'default' && cancel.abort(),
          },
        );
        t.match(execution, { ...report, state: 'rolled_back' }, template);
        t.strictSame(printed(execution), ['before'], 'what it printed is in its record');
        t.strictSame(stored(runtime, execution), execution);
        t.strictSame(await runtime.value(session, '[n, it.next().value]'), [1, 2], template);
      }),
    );
    t.strictSame(
      runtime.logs.filter(({ level }) => level === 'error'),
      [],
    );
  },
);

t.test(
  'a session whose worker was killed is as before when it was put to sleep, evicted or closed over',
  async (t) => {
    const runtime = await openTestRuntime(t, { maxLiveSessions: 1, saving: { when: 'exit' } });
    runtime.templates.create({ name: 'short', limits: { wallMs: 100 } });
    const kill = (session: string) => runtime.run(session, nativeLoop);
    const first = await runtime.sessions.create({ template: 'short' });
    await runtime.run(first, 'let kept = 1');
    t.match(await kill(first.id), { status: 'timeout', state: 'rolled_back' });
    const second = await runtime.sessions.create({ template: 'short' });
    t.equal(runtime.sessions.get(first.id).residency, 'hibernated', 'evicted');
    t.equal(await runtime.value(first, 'kept += 1'), 2);
    await kill(first.id);
    await runtime.sessions.hibernate(first.id);
    t.equal(await runtime.value(first, 'kept += 1'), 3);
    await kill(first.id);
    await runtime.close();
    const again = await openTestRuntime(t, { database: runtime.database });
    t.equal(await again.value(first, 'kept += 1'), 4);
    t.equal(await again.value(second, '1'), 1);
  },
);

const overflows: Record<string, string> = {
  recursion: '(function f() { return 1 + f() })()',
  'an arrow': 'const g = () => [g()]; g()',
  'a getter': '({ get a() { return this.a } }).a',
  'a constructor': 'class C { constructor() { this.c = new C() } } new C()',
  toString: 'const o = { toString() { return `${o}` } }; `${o}`',
  'nested source': `eval('['.repeat(1e5) + ']'.repeat(1e5))`,
  'nested brackets': `eval('('.repeat(1e5) + '1' + ')'.repeat(1e5))`,
  'nested functions': `eval('()=>{'.repeat(2e4) + '}'.repeat(2e4))`,
  'nested JSON': `JSON.parse('['.repeat(3e5))`,
  'JSON of a nested value': 'let v = {}; for (let i = 0; i < 2e4; i++) v = { v }; JSON.stringify(v)',
  'a nested regular expression': `new RegExp('(?:'.repeat(5e4) + ')'.repeat(5e4))`,
  'nested proxies': 'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x',
  'bound functions': 'let b = () => 1; for (let i = 0; i < 5e3; i++) b = b.bind(null); b()',
  'a long prototype chain of proxies':
    'let q = {}; for (let i = 0; i < 5e4; i++) q = Object.create(new Proxy(q, {})); q.x',
  flat: 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)',
  sort: '(function f() { [2, 1].sort(f) })()',
  replace: `(function f() { 'a'.replace('a', f) })()`,
  'a thenable': 'const then = { get then() { return then.then } }; await then',
  'a generator': 'function* gen() { yield* gen() } [...gen()]',
  'string concatenation': `eval('1' + '+1'.repeat(1e5))`,
  structuredClone: 'let w = {}; for (let i = 0; i < 1e5; i++) w = { w }; structuredClone(w)',
  'a described value': 'let d = {}; for (let i = 0; i < 3e5; i++) d = { d }; d',
  'a described error':
    'let e = new Error("e"); for (let i = 0; i < 1e5; i++) e = new Error("e", { cause: e }); throw e',
};

t.test('every stack overflow is an answer, and the session goes on', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'deep', limits: { cpuMs: 3000, memMb: 256 } });
  const session = await runtime.sessions.create({ template: 'deep' });
  await runtime.run(session, 'globalThis.count = 0');
  let expected = 0;
  for (const [title, code] of Object.entries(overflows)) {
    const execution = await runtime.run(session, `count += 1; { ${code} }`);
    if (execution.state === 'kept') expected += 1;
    t.not(
      execution.status,
      'crashed',
      `${title}: ${execution.status} ${execution.error?.message.slice(0, 80) ?? ''}`,
    );
    t.equal(await runtime.value(session, 'count'), expected, `after ${title}`);
  }
  t.match(await runtime.run(session, '(function f() { f() })()'), {
    status: 'limit_exceeded',
    state: 'kept',
    error: { name: 'InternalError', message: 'stack overflow', limit: 'stack' },
  });
  const caught = 'try { (function f() { f() })() } catch (e) { `${e}` }';
  t.equal(await runtime.value(session, caught), 'InternalError: stack overflow');
});

t.test('the reply and the stored record are the same for every way to end (lesson 4)', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({
    name: 'tight',
    limits: { cpuMs: 5000, wallMs: 1500, memMb: 24, maxEvents: 20, maxOutputKb: 4 },
  });
  const session = await runtime.sessions.create({ template: 'tight' });
  const cases: [code: string, status: string][] = [
    ['console.log("a", { b: [1] }); process.stderr.write("c"); ({ n: -0, big: 10n })', 'ok'],
    ['-0', 'ok'],
    ['[NaN, undefined, "\\ud800", "é", new Date(0)]', 'ok'],
    ['"\\ud800"', 'ok'],
    ['console.log("\\ud800 \\0 \\u2028")', 'ok'],
    ['undefined', 'ok'],
    ['throw new TypeError("no", { cause: 1 })', 'error'],
    ['throw "\\ud800"', 'error'],
    ['for (;;) {}', 'timeout'],
    [`console.log('x'); ${nativeLoop}`, 'timeout'],
    ['for (;;) console.log(1)', 'limit_exceeded'],
    ['console.log("x".repeat(1e5))', 'limit_exceeded'],
    ['new ArrayBuffer(1e9)', 'limit_exceeded'],
    ['"x".repeat(1e5)', 'ok'],
    ['(function f() { f() })()', 'limit_exceeded'],
  ];
  for (const [code, status] of cases) {
    const told: unknown[] = [];
    const reply = await runtime.executions.repl(
      { session: session.id, code },
      { onEvent: (event) => told.push(event) },
    );
    t.equal(reply.status, status, code);
    t.strictSame(stored(runtime, reply), JSON.parse(JSON.stringify(reply)), `stored: ${code}`);
    t.strictSame(JSON.parse(JSON.stringify(reply)), reply, `JSON says all of it: ${code}`);
    t.strictSame(told, reply.events, `told: ${code}`);
    t.strictSame(
      reply.events?.map(({ seq }) => seq),
      reply.events?.map((_, index) => index + 1),
    );
    t.equal(reply.metrics.events, reply.events?.length);
    t.ok((reply.events?.length ?? 0) <= 20, `${reply.events?.length} events: ${code}`);
    const last = reply.events?.at(-1);
    t.strictSame(last?.payload, reply.error ?? reply.result, `last event: ${code}`);
  }
});

t.test('events can be asked for while their execution runs', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const cancel = new AbortController();
  let id = '';
  const running = runtime.executions.repl(
    { session: session.id, code: 'console.log(1); console.log(2); for (;;) {}' },
    { signal: cancel.signal, onStart: (execution) => (id = execution) },
  );
  await until('two lines', () => id !== '' && runtime.executions.events(id).items.length === 3);
  t.match(runtime.executions.get(id), { status: 'running' });
  t.match(runtime.executions.events(id, { afterSeq: 2 }), {
    items: [{ payload: { text: '2' } }],
    nextSeq: 3,
  });
  t.match(runtime.executions.events(id, { limit: 1 }), { items: [{ type: 'input_echo' }], nextSeq: 1 });
  t.match(runtime.summary(), { executions: { running: 1 }, workers: { busy: 1 } });
  cancel.abort();
  t.match(await running, { status: 'cancelled' });
});

t.test('sessions run side by side: one that spins holds no other up', async (t) => {
  const runtime = await openTestRuntime(t);
  const [spinning, other] = await Promise.all([runtime.sessions.create({}), runtime.sessions.create({})]);
  await runtime.value(other, '1');
  const running = runtime.run(spinning, 'for (;;) {}');
  for (let call = 0; call < 20; call++) t.equal(await runtime.value(other, `${call} + 1`), call + 1);
  t.equal(runtime.sessions.interrupt(spinning.id), true);
  t.match(await running, { status: 'cancelled' });
});

t.test('a timeout of the call holds where it is shorter than that of the template', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'short', limits: { wallMs: 100 } });
  const session = await runtime.sessions.create({ template: 'short' });
  t.match(await runtime.run(session, 'for (;;) {}', { timeoutMs: 20 }), {
    error: { message: 'wall time limit of 20 ms exceeded' },
  });
  t.match(await runtime.run(session, 'for (;;) {}', { timeoutMs: 60_000 }), {
    error: { message: 'wall time limit of 100 ms exceeded' },
  });
});

t.test('memory is the session’s own limit, and what a killed call took is given back', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'small', limits: { memMb: 24 } });
  const session = await runtime.sessions.create({ template: 'small' });
  const before = (await runtime.run(session, '1')).metrics.memoryBytes;
  for (let round = 0; round < 3; round++) {
    t.match(await runtime.run(session, 'globalThis.all = []; for (;;) all.push(new Uint8Array(1e6))'), {
      status: 'limit_exceeded',
      state: 'rolled_back',
      error: { limit: 'memMb' },
    });
    t.ok((await runtime.run(session, '1')).metrics.memoryBytes <= before + 1e6);
  }
  t.equal(await runtime.value(session, 'new Uint8Array(8e6).length'), 8e6);
});

t.test('an execution is there for whoever asks, from its first moment', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const seen: unknown[] = [];
  const reply = await runtime.executions.repl(
    { session: session.id, code: '1 + 1' },
    {
      onStart: (id) => {
        const { total, running } = runtime.summary().executions;
        const [listed] = runtime.executions.list({ session: session.id }).items;
        seen.push(runtime.executions.get(id).status, listed?.id === id, total, running);
      },
    },
  );
  t.strictSame(seen, ['running', true, 1, 1]);
  t.strictSame(stored(runtime, reply), reply);
});

t.test('a short execution, a long one and one that is followed are stored alike', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const long = 'console.log(1); await new Promise((resolve) => setTimeout(resolve, 300)); console.log(2); 3';
  for (const code of ['console.log(1); console.log(2); 3', long]) {
    for (const onEvent of [undefined, () => {}]) {
      const reply = await runtime.executions.repl({ session: session.id, code }, { onEvent });
      t.strictSame(stored(runtime, reply), reply);
      t.strictSame(printed(reply), ['1', '2']);
    }
  }
});
