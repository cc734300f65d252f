// The console prints what Node's prints, each call as one text.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format } from 'node:util';
import { runInThisContext } from 'node:vm';
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();

/** What Node's console writes, without the last line break. */
function inNode(code: string): string {
  let text = '';
  const stream = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) });
  const console = new Console({ stdout: stream, stderr: stream });
  (runInThisContext(`(console) => { ${code}\n}`) as (console: Console) => void)(console);
  return text.replace(/\n$/, '');
}

t.test('format specifiers mean what they mean in Node', async (t) => {
  const calls = [
    `'plain'`,
    `'%s is %d years and %i days', 'Bob', 42.5, 42.5`,
    `'%f %f', '1.5x', Symbol('x')`,
    `'%j', { a: [1] }`,
    `'%j', (() => { const a = {}; a.a = a; return a; })()`,
    `'%o', [1, { a: 2 }]`,
    `'%O', { a: { b: { c: { d: 1 } } } }`,
    `'%s', { a: { b: 1 } }`,
    `'%s', [1, [2]]`,
    `'%s', null, undefined, 1n, -0, Symbol('s')`,
    `'%s', new (class A { toString() { return 'own'; } })()`,
    `'%s', new (class B extends (class A { toString() { return 'inherited'; } }) {})()`,
    `'%s', new Date(0)`,
    `'%s', () => 1`,
    `'%s', class A {}`,
    `'%s', Object.create(null)`,
    `'%c styled %c', 'color: red', ''`,
    `'100%', 1`,
    `'%% %s', 'x'`,
    `'%% %s'`,
    `'%x %s', 1, 2`,
    `'%s %s', 'one'`,
    `'a', 'b', { c: 1 }`,
    `1, '2', [3]`,
    `'%d', '0x10', {}, [5]`,
    `'%i', 1n, '7px'`,
    `'%d %d', 5n, Symbol('x')`,
    ``,
    `undefined, null`,
    `{ text: 'quoted' }, 'not quoted'`,
    `'multi\\nline', { a: 'b\\nc' }`,
  ];
  for (const args of calls) {
    t.strictSame(guest.output(`console.log(${args})`), [inNode(`console.log(${args})`)], args);
  }
  t.equal(format('%s', 1), '1');
});

t.test('each method has its kind', async (t) => {
  const kinds: Record<string, string> = {
    log: 'log',
    info: 'info',
    debug: 'debug',
    warn: 'warn',
    error: 'error',
    trace: 'trace',
    dir: 'log',
    dirxml: 'log',
    table: 'log',
    countReset: 'warn',
    count: 'log',
    group: 'log',
    groupCollapsed: 'log',
    timeEnd: 'warn',
  };
  for (const [method, kind] of Object.entries(kinds)) {
    guest.show(`console.${method}('x')`);
    t.equal(guest.printed.at(-1)?.[0], kind, method);
    t.equal(guest.show(`console.${method}.name`).json, method);
    t.equal(guest.show(`console.${method}.toString()`).json, `function ${method}() {\n    [native code]\n}`);
  }
  guest.show('console.assert(false)');
  t.strictSame(guest.printed.at(-1), ['warn', '    Assertion failed']);
  guest.show('console.groupEnd(); console.groupEnd(); console.groupEnd()');
});

t.test('groups, counts and assertions', async (t) => {
  const code = `console.group('a'); console.log('x\\ny'); console.groupCollapsed(); console.log({ b: [1] });
    console.groupEnd(); console.log('back'); console.groupEnd(); console.groupEnd(); console.log('out');
    console.count(); console.count(); console.count('n'); console.countReset(); console.count();
    console.assert(true, 'not said'); console.assert(0, 'said %s', 'so');`;
  t.equal(guest.output(code).join('\n'), inNode(code));
  t.strictSame(guest.output('console.assert(false, { a: 1 })'), ['Assertion failed { a: 1 }']);
});

t.test('tables are drawn as Node draws them', async (t) => {
  const tables = [
    `[[1, 2], [3, 4]]`,
    `[{ a: 1, b: 'x' }, { a: 2, c: { d: 1 } }]`,
    `new Map([['a', 1], ['b', { c: 1 }]])`,
    `new Set([1, 'two'])`,
    `[1, 'a', { b: 1 }]`,
    `{ x: { a: 1 }, y: 2 }`,
    `[{ a: 1, b: 2 }], ['b']`,
    `5`,
    `[]`,
    `[['é', '日本'], ['😀', 'x']]`,
    `[{ deep: { a: 1, b: 2, c: 3 }, list: [1, 2, 3, 4] }]`,
  ];
  for (const table of tables) {
    t.equal(guest.output(`console.table(${table})`).join('\n'), inNode(`console.table(${table})`), table);
  }
});

t.test('times are measured by the host’s clock', async (t) => {
  guest.now = 1000;
  guest.show(`console.time(); console.time('long'); console.time('longer')`);
  guest.now = 1001.5;
  t.strictSame(guest.output('console.timeLog("default", { a: 1 })'), ['default: 1.5ms { a: 1 }']);
  guest.now = 3500;
  t.strictSame(guest.output('console.timeEnd()'), ['default: 2.500s']);
  guest.now = 63_500;
  t.strictSame(guest.output('console.timeEnd("long")'), ['long: 1:02.500 (m:ss.mmm)']);
  guest.now = 3_600_000 + 121_000;
  t.strictSame(guest.output('console.timeEnd("longer")'), ['longer: 1:02:00 (h:mm:ss)']);
  t.strictSame(guest.output('console.timeEnd()'), [`Warning: No such label 'default' for console.timeEnd()`]);
  guest.now = undefined;
});

t.test('a trace has the caller’s frames', async (t) => {
  const [text] = guest.output(`(function here() { console.trace('why %s', 1); })()`);
  t.match(text, /^Trace: why 1\n {4}at here \(user\.js:1:\d+\)\n {4}at user\.js:1:\d+$/);
});

t.test('process.stdout and stderr write raw text', async (t) => {
  guest.show(`process.stdout.write('a\\n'); process.stderr.write('b')`);
  t.strictSame(guest.printed.slice(-2), [
    ['stdout', 'a\n'],
    ['stderr', 'b'],
  ]);
});

t.test('what cannot be shown does not end the script', async (t) => {
  const hostile = [
    `new Proxy({}, { ownKeys() { throw new Error('no keys'); } })`,
    `{ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no show'); } }`,
    `(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`,
  ];
  for (const code of hostile) {
    const [text] = guest.output(`console.log('before', [${code}], 'after')`);
    t.match(text, /^before \[ \[object that cannot be shown: .*\] \] after$/, code);
  }
});
