// Calls of a host module: what crosses and what is refused, how errors arrive, and that no script's code runs outside.
import t from 'tap';
import type { HostValue } from '#src/runtime/engine/module-host.js';
import { MemoryHost } from '../../../fixtures/module-host.js';
import { TestSandbox } from '../../../fixtures/sandbox.js';

/** A sandbox with the host module `m`, whose exports are functions of the host with the same names. */
async function open(
  onCall: MemoryHost['onCall'],
  memoryMb = 64,
): Promise<{ host: MemoryHost; sandbox: TestSandbox }> {
  const host = new MemoryHost({
    m: {
      format: 'host',
      code: 'exports.echo = host.bind(null, "echo"); exports.call = host',
      exports: ['echo', 'call'],
      filename: 'vmsys:prelude:m',
    },
  });
  host.onCall = onCall;
  return { host, sandbox: await TestSandbox.open(memoryMb, undefined, host) };
}

const echo = (_name: string, [first]: readonly HostValue[]): HostValue => first;

t.test('values cross there and back as they are', async (t) => {
  const { sandbox, host } = await open(echo);
  const cases: [code: string, value: HostValue][] = [
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['-0', -0],
    ['NaN', NaN],
    ['-Infinity', -Infinity],
    ['1.5', 1.5],
    ['""', ''],
    ['"\\0 \\ud800 \u{1f600}"', '\0 \ud800 \u{1f600}'],
    ['[]', []],
    ['[1, undefined, [null, "x"]]', [1, undefined, [null, 'x']]],
    ['({})', {}],
    ['({ a: { b: undefined }, "": 0, 1: "one" })', { 1: 'one', a: { b: undefined }, '': 0 }],
    ['new Uint8Array([1, 2, 255])', Uint8Array.of(1, 2, 255)],
    ['new Uint8Array(0)', new Uint8Array(0)],
    ['new Uint8Array([9, 1, 2, 9]).subarray(1, 3)', Uint8Array.of(1, 2)],
    ['new Uint16Array([258])', Uint8Array.of(2, 1)],
    ['new Uint8Array([7]).buffer', Uint8Array.of(7)],
    ['new DataView(new Uint8Array([7, 8, 9]).buffer, 1)', Uint8Array.of(8, 9)],
    ['[new Uint8Array([1]), { b: new Uint8Array([2]) }]', [Uint8Array.of(1), { b: Uint8Array.of(2) }]],
    ['"x".repeat(20000) + "é"', `${'x'.repeat(20000)}é`],
    ['["x".repeat(20000), "\\0".repeat(20000)]', ['x'.repeat(20000), '\0'.repeat(20000)]],
    [
      '(class { a = 1; #b = 2; get c() { return 3 } }).prototype.constructor && new (class { a = 1; get c() { return 3 } })',
      { a: 1 },
    ],
    ['JSON.parse(\'{"__proto__": {"x": 1}}\')', JSON.parse('{"__proto__": {"x": 1}}') as HostValue],
  ];
  await sandbox.run(
    'globalThis.m = require("m"); globalThis.same = (a, b) => Object.is(a, b) || (typeof a === "object" && typeof b === "object" && a !== null && b !== null && [a.byteLength, JSON.stringify(a)] + "" === [b.byteLength, JSON.stringify(b)] + "")',
  );
  for (const [code, value] of cases) {
    t.equal(
      (await sandbox.run(`globalThis.given = ${code}; globalThis.got = m.echo(given)`)).report.status,
      'ok',
      code,
    );
    const got = host.calls.at(-1)?.[2][0];
    t.strictSame(
      got instanceof Uint8Array ? [...got] : got,
      value instanceof Uint8Array ? [...value] : value,
      `there: ${code}`,
    );
    const isBytes = value instanceof Uint8Array;
    t.equal(
      await sandbox.value(
        isBytes
          ? `got instanceof Uint8Array && String([...got]) === "${String([...value])}"`
          : 'same(given, got)',
      ),
      true,
      `back: ${code}`,
    );
  }
  t.strictSame(await sandbox.value('const { echo } = await import("m"); echo({ x: [1] })'), { x: [1] });
});

t.test('eight MiB of text and of bytes cross', async (t) => {
  const { sandbox, host } = await open(echo, 256);
  const limits = { limits: { memMb: 256 } };
  t.equal(
    await sandbox.value(
      'const text = "ab€".repeat(1 << 20) + "x".repeat(1 << 22); const back = require("m").echo(text); [back === text, back.length] + ""',
      limits,
    ),
    `true,${3 * 2 ** 20 + 2 ** 22}`,
  );
  t.equal(
    await sandbox.value(
      'const bytes = new Uint8Array(8 << 20).fill(7, 1); bytes.set([1, 2], 1 << 22); const b = require("m").echo(bytes); b.length === bytes.length && [b[0], b[1], b[1 << 22], b.at(-1), b.lastIndexOf(2) === (1 << 22) + 1] + ""',
      limits,
    ),
    '0,7,1,7,true',
  );
  const got = host.calls.at(-1)?.[2][0];
  t.ok(got instanceof Uint8Array && got.length === 8 << 20);
});

t.test('of a Buffer only its own bytes cross', async (t) => {
  const pooled = Buffer.from('pool');
  t.ok(pooled.buffer.byteLength > 100, 'it lies in the pool of Node');
  const { sandbox } = await open((name) => (name === 'alone' ? pooled : [pooled.subarray(1, 3), { pooled }]));
  const told = await sandbox.value(`
    const { call } = require("m");
    const alone = call("alone"), [part, { pooled }] = call("inside");
    [alone, part, pooled].map((bytes) => [String.fromCharCode(...bytes), bytes.buffer.byteLength])
  `);
  t.strictSame(told, [
    ['pool', 4],
    ['oo', 2],
    ['pool', 4],
  ]);
});

t.test('what cannot cross is refused with a TypeError, and runs no getter', async (t) => {
  const { sandbox, host } = await open(echo);
  const cases = [
    '() => {}',
    '({ toString() { return "text" } })',
    '[{ toString() { return "text" } }]',
    'Symbol()',
    '1n',
    'new Map()',
    'new Date()',
    'Promise.resolve()',
    'new Error("e")',
    '({ get a() { globalThis.ran = true } })',
    '({ a: { b: () => {} } })',
    '(() => { const a = []; a.push({ a }); return a })()',
    'Array.from({ length: 200 }).reduce((inner) => [inner], 1)',
    'Object.defineProperty([1], 0, { get() { globalThis.ran = true }, enumerable: true })',
    'new Proxy({}, { ownKeys() { throw new TypeError("from a trap") } })',
    'Array(1e9)',
  ];
  await sandbox.run('globalThis.m = require("m")');
  for (const code of cases) {
    const { report } = await sandbox.run(`m.echo(${code})`);
    const holds = code.startsWith('Object.defineProperty([1]') || code === 'Array(1e9)';
    if (!holds) t.match(report, { status: 'error', state: 'kept', error: { name: 'TypeError' } }, code);
  }
  t.equal(await sandbox.value('globalThis.ran'), undefined);
  t.ok(host.calls.every(([, , args]) => JSON.stringify(args).length < 100));
});

t.test('toJSON, prototypes and replaced built-ins are not asked', async (t) => {
  const { sandbox, host } = await open(echo);
  await sandbox.run(`
    globalThis.m = require('m');
    const evil = () => { globalThis.ran = true; return 'evil' };
    Object.prototype.toJSON = evil; String.prototype.toJSON = evil; Array.prototype.toJSON = evil;
    JSON.stringify = evil; Array.prototype.push = evil; Array.prototype[Symbol.iterator] = evil; Array.prototype.join = evil;
    Object.defineProperty(Object.prototype, 'extra', { get: evil, configurable: true });
  `);
  t.strictSame(
    (await sandbox.run('m.echo({ a: [1, "x"], b: new Uint8Array(1) }).a[1]')).report.result?.preview,
    "'x'",
  );
  t.strictSame(host.calls.at(-1)?.[2], [{ a: [1, 'x'], b: Uint8Array.of(0) }]);
  await sandbox.run(
    'Object.defineProperty(Array.prototype, 0, { get: evil, set: evil, configurable: true })',
  );
  t.match((await sandbox.run('m.echo({ a: [1] })')).report, { status: 'error', state: 'kept' });
});

t.test('what the host throws arrives with its name, message and fields, and none of its stack', async (t) => {
  const thrown: Error[] = [
    Object.assign(new Error("ENOENT: no such file or directory, open 'x'"), {
      code: 'ENOENT',
      errno: -2,
      syscall: 'open',
      path: 'x',
      nested: {},
    }),
    Object.assign(new TypeError('wrong type'), { code: 'ERR_INVALID_ARG_TYPE' }),
    Object.assign(new Error('refused'), {
      name: 'HostError',
      code: 'EACCES',
      fields: { syscall: 'stat', path: '/x', dest: '/y' },
    }),
    Object.assign(new Error('busy'), { name: 'SqliteError', code: 'SQLITE_BUSY' }),
  ];
  const { sandbox } = await open(() => {
    throw thrown.shift() ?? new Error('none is left');
  });
  const told =
    'try { require("m").echo() } catch (error) { ({ name: error.name, type: error.constructor.name, isError: error instanceof Error, message: error.message, ...error, stack: error.stack }) }';
  const tell = async () => {
    const { stack, ...rest } = (await sandbox.value(told)) as { stack: string };
    t.notMatch(stack, /node:|\/src\/|\.ts:/);
    return rest;
  };
  t.strictSame(await tell(), {
    name: 'Error',
    type: 'Error',
    isError: true,
    message: "ENOENT: no such file or directory, open 'x'",
    code: 'ENOENT',
    errno: -2,
    syscall: 'open',
    path: 'x',
  });
  t.strictSame(await tell(), {
    name: 'TypeError',
    type: 'TypeError',
    isError: true,
    message: 'wrong type',
    code: 'ERR_INVALID_ARG_TYPE',
  });
  t.strictSame(await tell(), {
    name: 'Error',
    type: 'Error',
    isError: true,
    message: 'refused',
    code: 'EACCES',
    syscall: 'stat',
    path: '/x',
    dest: '/y',
  });
  t.strictSame(await tell(), {
    name: 'SqliteError',
    type: 'Error',
    isError: true,
    message: 'busy',
    code: 'SQLITE_BUSY',
  });
  const { report } = await sandbox.run('function work() { require("m").echo() }\nwork()');
  t.equal(report.error?.stack, 'Error: none is left\n    at work (user.js:1:36)\n    at user.js:2:5');
});

t.test('an answer that is none is an error of the call', async (t) => {
  const cyclic: HostValue[] = [];
  cyclic.push(cyclic);
  const answers: unknown[] = [() => {}, cyclic, Symbol('s'), { a: 1n }];
  const { sandbox } = await open(() => answers.shift() as HostValue);
  while (answers.length > 0)
    t.match(await sandbox.value('require("m").echo()'), { name: 'Error', message: /^host call: the answer/ });
});

t.test('an answer for which there is no memory is the limit it is', async (t) => {
  const { sandbox } = await open(
    (name) => (name === 'text' ? 'x'.repeat(40 << 20) : new Uint8Array(40 << 20)),
    32,
  );
  const limits = { limits: { memMb: 32 } };
  await sandbox.run('globalThis.kept = 1');
  for (const name of ['text', 'bytes']) {
    const { report } = await sandbox.run(`require("m").call("${name}")`, limits);
    t.match(report, { status: 'limit_exceeded', state: 'rolled_back', error: { limit: 'memMb' } }, name);
    t.equal(await sandbox.value('kept'), 1);
  }
});

t.test('a run that was cancelled while the host worked ends right after', async (t) => {
  const { sandbox } = await open((name) => {
    if (name === 'slow') sandbox.cancelling.flag = true;
    return name;
  });
  const { report } = await sandbox.run(
    'globalThis.after = 0; try { require("m").call("slow") } catch {} finally { after = 1 } after = 2',
  );
  t.match(report, { status: 'cancelled', state: 'kept' });
  sandbox.cancelling.flag = false;
  t.equal(await sandbox.value('after'), 0, 'nothing of the script ran any more');
  t.equal(await sandbox.value('require("m").call("quick")'), 'quick');
});

t.test('a host call that takes all of the time ends in a timeout', async (t) => {
  const { sandbox } = await open(() => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    return 1;
  });
  const { report } = await sandbox.run('for (;;) require("m").call("x")', { limits: { wallMs: 50 } });
  t.match(report, { status: 'timeout', error: { limit: 'wallMs' } });
});
