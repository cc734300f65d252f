// What the host is told of what was thrown: a stack as V8 writes it, of the user's frames only.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();

t.test('a stack has a header, the user’s frames and none of ours', async (t) => {
  const code = `function inner() {\n  throw new RangeError('boo');\n}\nconst outer = () => inner();\n[1].map(outer);`;
  t.strictSame(guest.fail(code, 'src/a b (1).js'), {
    name: 'RangeError',
    message: 'boo',
    stack: `RangeError: boo
    at inner (src/a b (1).js:2:23)
    at outer (src/a b (1).js:4:26)
    at map (native)
    at src/a b (1).js:5:8`,
  });
});

t.test('native frames stand only between the user’s', async (t) => {
  t.equal(
    guest.fail(`JSON.parse('x')`).stack,
    `SyntaxError: unexpected token: 'x'\n    at <input>:1:1\n    at parse (native)\n    at user.js:1:11`,
  );
  guest.show(`setTimeout(function tick() { null.x; })`);
  try {
    while (guest.call('runTimer') === 0);
  } catch (error) {
    const { thrown } = error as { thrown: Parameters<Guest['describeError']>[0] };
    t.match(guest.describeError(thrown).stack, /^TypeError: .*\n {4}at tick \(user\.js:1:34\)$/);
  }
});

t.test('a syntax error names its place', async (t) => {
  t.match(guest.fail('let a = 1;\nlet b = ;', 'lib/x.js').stack, /^SyntaxError: .*\n {4}at lib\/x\.js:2:9$/);
});

t.test('an error without frames is its header', async (t) => {
  const { stack } = guest.fail('let twice = 1; globalThis.e = new Error("bare"); e.stack = ""; throw e');
  t.equal(stack, 'Error: bare');
  t.equal(guest.fail('let twice = 2').stack, "SyntaxError: redeclaration of 'twice'");
});

t.test('class, cause, errors and own properties are in the stack', async (t) => {
  const code = `class Failure extends Error {}
throw Object.assign(new Failure('top', { cause: new TypeError('cause', { cause: 'root' }) }), { code: 'E_TOP' })`;
  t.equal(
    guest.fail(code).stack,
    `Failure [Error]: top
    at user.js:2:32 {
  code: 'E_TOP',
  [cause]: TypeError: cause
      at user.js:2:62 {
    [cause]: 'root'
  }
}`,
  );
  const { name, stack } = guest.fail(`throw new AggregateError([new Error('one'), 2], 'all')`);
  t.equal(name, 'AggregateError');
  t.match(stack, /^AggregateError: all\n {4}at user.js:1:\d+ \{\n {2}\[errors\]: \[\n {4}Error: one\n/);
});

t.test('constructors that only made the error are no frames', async (t) => {
  const code = `class Base extends Error { constructor(m) { super(m); } }
class Derived extends Base {}
function Derivedly() { return new Derived('m'); }
throw Derivedly()`;
  t.match(
    guest.fail(code).stack,
    /^Derived \[Error\]: m\n {4}at Derivedly \(user\.js:3:\d+\)\n {4}at user\.js:4:\d+$/,
  );
});

t.test('the name a class sets is the name', async (t) => {
  const { name, stack } = guest.fail(`throw new (class E extends Error { name = 'Custom'; })('m')`);
  t.equal(name, 'Custom');
  t.match(stack, /^Custom: m\n/);
});

t.test('what is no error has no name, and is shown as a value', async (t) => {
  t.strictSame(guest.fail(`throw 'text'`), { name: '', message: `'text'` });
  t.strictSame(guest.fail(`throw undefined`), { name: '', message: 'undefined' });
  t.strictSame(guest.fail(`throw { a: 1 }`), { name: '', message: '{ a: 1 }' });
  t.strictSame(guest.fail(`throw null`), { name: '', message: 'null' });
});

t.test('hostile errors are described without running their code', async (t) => {
  guest.show('globalThis.ran = 0');
  const accessors = ['name', 'message', 'stack', 'cause', 'errors'];
  for (const key of accessors) {
    const told = guest.fail(`const e = new Error('m');
      Object.defineProperty(e, '${key}', { get() { ran++; throw 1; }, configurable: true }); throw e`);
    t.type(told.name, 'string', key);
    t.type(told.message, 'string', key);
  }
  for (const key of accessors) {
    const told = guest.fail(
      `throw Object.assign(new Error('m'), { ${key}: { toString() { ran++; throw 1; } } })`,
    );
    t.type(told.name, 'string', key);
    t.type(told.message, 'string', key);
  }
  t.equal(guest.preview('ran'), '0');
  const strange = [
    `new Proxy(new Error('p'), {})`,
    `new Proxy({}, { getPrototypeOf() { throw new Error('trap'); } })`,
    `Object.create(Error.prototype)`,
    `Object.setPrototypeOf(new Error('n'), null)`,
    `Object.freeze(new Error('frozen'))`,
    `(() => { const e = new Error('self'); e.cause = e; return e; })()`,
    `(() => { let e = new Error('0'); for (let i = 1; i < 1000; i++) e = new Error(i, { cause: e }); return e; })()`,
    `Object.assign(new Error('x'.repeat(1e6)), { name: 'y'.repeat(1e6) })`,
    `(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`,
    `(() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy; })()`,
  ];
  for (const code of strange) {
    const told = guest.fail(`throw ${code}`);
    t.type(told.name, 'string', code);
    t.ok(told.message.length < 70_000 && (told.stack ?? '').length < 70_000 && told.name.length < 200, code);
  }
});

t.test('deep stacks are cut', async (t) => {
  const { stack = '' } = guest.fail(
    'function down(n) { if (n === 0) throw new Error("deep"); down(n - 1); } down(300)',
  );
  t.match(stack, /\n {4}\.\.\. 282 more frames$/);
  t.equal(stack.split('\n').length, 22);
  t.match(guest.fail('(function f() { f(); })()'), { name: 'InternalError', message: 'stack overflow' });
});

t.test('printing an error shows the same, and gives its stack the header', async (t) => {
  const [text] = guest.output(`globalThis.kept = new Error('shown'); console.log(kept)`);
  t.equal(text, 'Error: shown\n    at user.js:1:28');
  t.equal(guest.show('kept.stack').json, text);
  t.strictSame(guest.output(`console.log([new Error('in')])`), ['[\n  Error: in\n      at user.js:1:23\n]']);
  t.strictSame(guest.output(`console.log(Object.assign(new Error('own'), { stack: 'mine' }))`), ['[mine]']);
  t.equal(guest.show(`Object.keys(kept).length`).json, 0);
});

t.test('Error.captureStackTrace gives V8’s shape', async (t) => {
  const code = `function fail() { const o = { name: 'N', message: 'm' }; Error.captureStackTrace(o, fail); return o.stack; }
function caller() { return fail(); }
caller()`;
  t.equal(guest.show(code).json, 'N: m\n    at caller (user.js:2:21)\n    at user.js:3:7');
  t.match(guest.show(`const o = {}; Error.captureStackTrace(o); o.stack`).json, /^Error\n {4}at user\.js:1:/);
  t.match(guest.fail('Error.captureStackTrace(1)'), { name: 'TypeError', message: /expected an object/ });
});
