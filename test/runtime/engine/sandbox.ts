// One engine: what runs in it waits for, throws, sees and leaves behind.
import t from 'tap';
import { TestSandbox, type Change } from '../../fixtures/sandbox.js';

t.test('until says what a run waits for', async (t) => {
  const sandbox = await TestSandbox.open();
  const later =
    'globalThis.done = 0; setTimeout(() => { done = 1; setTimeout(() => { done = 2 }, 5) }, 5); "value"';
  t.equal(await sandbox.value(later), 'value');
  t.equal(await sandbox.value('done'), 0, 'value: timeouts run later');
  const idle = await TestSandbox.open();
  t.equal(await idle.value(later, { until: 'idle' }), 'value');
  t.equal(await idle.value('done'), 2, 'idle: all of them ran');
  t.equal(
    await idle.value('setInterval(() => { done++ }, 1); "not waited for"', { until: 'idle' }),
    'not waited for',
  );
  t.ok(idle.sandbox.nextTimerMs() !== undefined, 'an interval stays');
});

t.test('a timer is an execution of its own, and a failed one takes no other with it', async (t) => {
  const sandbox = await TestSandbox.open();
  await sandbox.run(
    'globalThis.seen = []; setTimeout(() => { console.log("tick"); seen.push(1) }); setTimeout(() => { seen.push(2); throw new Error("in timer") }); setTimeout(() => seen.push(3))',
  );
  const timer: Change = { kind: 'timer', code: '' };
  while (sandbox.sandbox.nextTimerMs() !== 0) await new Promise((done) => setTimeout(done, 1));
  const first = await sandbox.run('', timer);
  t.match(first.report, { status: 'ok', state: 'kept' });
  t.match(first.events, [{ payload: { text: 'tick' } }]);
  t.match((await sandbox.run('', timer)).report, { status: 'error', error: { message: 'in timer' } });
  t.match((await sandbox.run('', timer)).report, { status: 'ok' });
  t.strictSame(await sandbox.value('seen'), [1, 2, 3]);
  t.equal(sandbox.sandbox.nextTimerMs(), undefined);
});

t.test('a timer that had to be rolled back does not come again', async (t) => {
  const sandbox = await TestSandbox.open(24);
  await sandbox.run('globalThis.n = 1; setTimeout(() => { n = 2; new ArrayBuffer(1e9) })');
  while (sandbox.sandbox.nextTimerMs() !== 0) await new Promise((done) => setTimeout(done, 1));
  const { report } = await sandbox.run('', { kind: 'timer', code: '', limits: { memMb: 24 } });
  t.match(report, { status: 'limit_exceeded', state: 'rolled_back' });
  t.equal(report.nextTimerMs, undefined);
  t.equal(await sandbox.value('n'), 1);
});

t.test('promises are awaited, and one that nothing can settle is said so', async (t) => {
  const sandbox = await TestSandbox.open();
  t.equal(await sandbox.value('Promise.resolve(5)'), 5);
  t.equal(
    await sandbox.value('(async () => { await null; return { v: Promise.resolve(6) } })().then((x) => x.v)'),
    6,
  );
  t.equal(await sandbox.value('await new Promise((done) => setTimeout(() => done(7), 5))'), 7);
  t.match(await sandbox.value('Promise.reject(new TypeError("no"))'), { name: 'TypeError', message: 'no' });
  t.match((await sandbox.run('new Promise(() => {})')).report, {
    status: 'ok',
    result: { type: 'promise', preview: 'Promise { <pending> }' },
  });
  t.match((await sandbox.run('await new Promise(() => {})')).report, {
    status: 'error',
    error: { message: /can never settle/ },
  });
  t.strictSame(await sandbox.value('({ value: 1, then: undefined })'), { value: 1 });
  t.strictSame(
    await sandbox.value('await 0; ({ value: { value: 8 } })'),
    { value: { value: 8 } },
    'unwrapped once',
  );
  t.equal(await sandbox.value('await 0; 1; Promise.resolve({ value: 9 }).then((x) => x.value)'), 9);
});

t.test('whatever is thrown is told as an error', async (t) => {
  const sandbox = await TestSandbox.open();
  const cases: [code: string, error: object][] = [
    ['throw new RangeError("r")', { name: 'RangeError', message: 'r', stack: /user\.js:1/ }],
    ['throw "text"', { message: /text/ }],
    ['throw null', { message: 'null' }],
    ['throw undefined', { message: 'undefined' }],
    ['throw 42', { name: '', message: '42' }],
    ['throw { code: 1 }', { message: /code: 1/ }],
    ['throw Object.freeze(new Error("frozen"))', { name: 'Error', message: 'frozen' }],
    ['throw Symbol("s")', { message: 'Symbol(s)' }],
    ['throw 10n', { message: '10n' }],
    ['class Mine extends Error { name = "Mine" } throw new Mine("m")', { name: 'Mine', message: 'm' }],
    ['throw Object.assign(new Error("e"), { get message() { throw 1 } })', { name: '', message: '1' }],
    [
      'throw Object.defineProperty(new Error("e"), "stack", { get() { for (;;) {} } })',
      { name: 'Error', message: 'e' },
    ],
    [
      'throw new Proxy(new Error("p"), { get() { throw 1 }, getOwnPropertyDescriptor() { throw 2 }, getPrototypeOf() { throw 3 }, ownKeys() { throw 4 } })',
      { name: 'Error' },
    ],
    ['throw new Error("outer", { cause: new TypeError("inner") })', { message: 'outer', stack: /inner/ }],
    ['throw () => {}', { message: /Function/ }],
    ['await Promise.reject(null)', { message: 'null' }],
    ['await 0; throw "later"', { message: /later/ }],
    ['null.x', { name: 'TypeError' }],
    ['undefinedName', { name: 'ReferenceError' }],
  ];
  for (const [code, error] of cases) {
    const { report } = await sandbox.run(code);
    t.match(report, { status: 'error', state: 'kept', error }, code);
    t.equal(await sandbox.value('1 + 1'), 2, `after ${code}`);
  }
});

t.test('nothing of the host or of the prelude can be reached', async (t) => {
  const sandbox = await TestSandbox.open();
  const found = await sandbox.value(`
    const seen = new Set(), odd = [];
    const visit = (value, path) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
      seen.add(value);
      for (const key of Reflect.ownKeys(value)) {
        const at = path + '.' + String(key);
        if (/^(?:host|driver|boot|describe|describeError|beginRun|reseed|shiftTimers|nextTimer|oneShots)$/.test(String(key))) odd.push(at);
        const d = Object.getOwnPropertyDescriptor(value, key);
        for (const v of [d.value, d.get, d.set]) visit(v, at);
      }
      visit(Object.getPrototypeOf(value), path + '.__proto__');
    };
    visit(globalThis, 'globalThis');
    odd`);
  t.strictSame(found, []);
  t.equal(
    await sandbox.value('typeof require + typeof module + typeof __dirname'),
    'functionundefinedundefined',
  );
  for (const code of [
    '(() => { try { null.x } catch (e) { return e.stack } })()',
    'setTimeout.toString()',
    'console.log.toString()',
    'new Error().stack',
  ]) {
    const text = String(await sandbox.value(code));
    t.notMatch(text, /vmsys:|prelude|\/dist\/|node_modules/, code);
  }
  t.match(await sandbox.value('setTimeout.caller'), { name: 'TypeError' });
});

t.test('arguments, environment and argv are those of the run', async (t) => {
  const sandbox = await TestSandbox.open();
  const seen = '[vmsys.args, process.argv, process.env]';
  t.strictSame(
    await sandbox.value(seen, { kind: 'script', filename: 'a.js', args: ['x', 'y'], env: { A: '1' } }),
    [['x', 'y'], ['vmsys', 'a.js', 'x', 'y'], { A: '1' }],
  );
  t.strictSame(await sandbox.value(seen), [[], ['vmsys'], {}], 'and no other’s');
  await sandbox.run('for (;;) {}', {
    rollbackOnFailure: true,
    limits: { wallMs: 20 },
    args: ['z'],
    kind: 'script',
  });
  t.strictSame(await sandbox.value(seen), [[], ['vmsys'], {}], 'also after a rollback');
});

t.test('strict and module scripts run as such', async (t) => {
  const sandbox = await TestSandbox.open();
  const isStrict = '(function () { return this === undefined })()';
  t.equal(await sandbox.value(isStrict), false);
  t.equal(await sandbox.value(isStrict, { strict: true }), true);
  t.equal(await sandbox.value(isStrict), false);
  const module: Change = { kind: 'module', filename: 'a.mjs' };
  t.match((await sandbox.run('export const a = await 1; globalThis.fromModule = a + 1', module)).report, {
    status: 'ok',
  });
  t.equal(await sandbox.value('fromModule'), 2);
  t.match((await sandbox.run('import "./other.js"', module)).report, { status: 'error' });
  t.match((await sandbox.run('throw new Error("in module")', module)).report, {
    status: 'error',
    error: { message: 'in module', stack: /a\.mjs:1/ },
  });
  t.match((await sandbox.run('await new Promise(() => {})', module)).report, { status: 'error' });
  t.equal(await sandbox.value('1'), 1);
});

t.test('completion never hangs and never changes the session', async (t) => {
  const sandbox = await TestSandbox.open();
  await sandbox.run(
    'let apple = { pear: 1 }; let calls = 0; let trap = { get deep() { calls++; return {} } }',
  );
  t.strictSame(sandbox.sandbox.complete('app'), { items: ['apple'], replaces: 'app' });
  t.strictSame(sandbox.sandbox.complete('apple.pe'), { items: ['pear'], replaces: 'pe' });
  sandbox.sandbox.complete('trap.deep.');
  t.equal(await sandbox.value('calls'), 0);
});
