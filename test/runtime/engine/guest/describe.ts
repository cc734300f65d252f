// What the host is told of a value: its type, a preview of bounded length, and JSON where JSON can say it all.
import fc from 'fast-check';
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();

t.test('the type is typeof, or what kind of object it is', async (t) => {
  const types: Record<string, string> = {
    '1': 'number',
    "'a'": 'string',
    '1n': 'bigint',
    true: 'boolean',
    undefined: 'undefined',
    null: 'null',
    'Symbol()': 'symbol',
    '() => {}': 'function',
    'class A {}': 'function',
    '[]': 'array',
    'new (class List extends Array {})()': 'array',
    '{}': 'object',
    'Object.create(null)': 'object',
    '{ constructor: { name: 5 } }': 'object',
    'Promise.resolve()': 'promise',
    '(async () => {})()': 'promise',
    'new Map()': 'Map',
    'new Date()': 'Date',
    '/x/': 'RegExp',
    "new TypeError('x')": 'TypeError',
    'new (class Foo {})()': 'Foo',
    'new (class Failure extends Error {})()': 'Failure',
    'new Uint8Array()': 'Uint8Array',
    "new URL('a:b')": 'URL',
    'new Proxy({}, { getPrototypeOf() { throw 1; } })': 'object',
  };
  for (const [code, type] of Object.entries(types)) t.equal(guest.show(`(${code})`).type, type, code);
});

t.test('what JSON can say is there as JSON', async (t) => {
  const sayable: [code: string, json: unknown][] = [
    ['null', null],
    ['true', true],
    ['-1.5e300', -1.5e300],
    ["'text \\u2028 \"'", 'text \u2028 "'],
    ['[1, [2], {}]', [1, [2], {}]],
    ['{ a: { b: null } }', { a: { b: null } }],
    ['{ a: undefined, b: 1 }', { b: 1 }],
    ['Object.assign(Object.create(null), { a: 1 })', { a: 1 }],
    ['new (class Point { x = 1; #y = 2; get z() { return 3; } m() {} })()', { x: 1 }],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['Object.defineProperty({ a: 1 }, "hidden", { value: () => {} })', { a: 1 }],
    ['(() => { const shared = { s: 1 }; return [shared, shared]; })()', [{ s: 1 }, { s: 1 }]],
    ['new Proxy({ a: [1] }, {})', { a: [1] }],
    ['{ toJSON() { return 1; } }.constructor === Object', true],
  ];
  for (const [code, json] of sayable) t.strictSame(guest.show(`(${code})`).json, json, code);
  t.strictSame(
    JSON.stringify(guest.show(`JSON.parse('{"__proto__":{"a":1}}')`).json),
    '{"__proto__":{"a":1}}',
  );
});

t.test('what JSON cannot say has no JSON', async (t) => {
  const codes = [
    'undefined',
    'NaN',
    '1 / 0',
    '1n',
    'Symbol()',
    '() => {}',
    '[undefined]',
    '[, 1]',
    '{ a: [NaN] }',
    '{ a: 1n }',
    '{ f() {} }',
    '{ [Symbol.iterator]: 1 }',
    '{ get a() { return 1; } }',
    '{ set a(v) {} }',
    'new Map()',
    'new Set([1])',
    '/x/',
    'new Uint8Array(1)',
    'new ArrayBuffer(1)',
    "new Error('e')",
    'Promise.resolve(1)',
    'new WeakMap()',
    'new WeakRef({})',
    '[][Symbol.iterator]()',
    '(function* () {})()',
    'new Date(NaN)',
    'new Number(1)',
    "'ab'.match(/a/)",
    "new URL('a:b')",
    '(() => { const a = {}; a.a = a; return a; })()',
    '(() => { let a = 1; for (let i = 0; i < 201; i++) a = [a]; return a; })()',
    'new Proxy({}, { ownKeys() { throw 1; } })',
    'new Proxy([1], { getOwnPropertyDescriptor() { throw 1; } })',
  ];
  for (const code of codes) t.notOk('json' in guest.show(`(${code})`), code);
});

t.test('a depth of 200 has JSON', async (t) => {
  const { json } = guest.show('(() => { let a = 1; for (let i = 0; i < 200; i++) a = [a]; return a; })()');
  t.match(JSON.stringify(json), /^\[{200}1\]{200}$/);
});

t.test('JSON that is longer than asked for is left out', async (t) => {
  t.equal(guest.show("'x'.repeat(98)", 100).json, 'x'.repeat(98));
  t.notOk('json' in guest.show("'x'.repeat(99)", 100));
  t.notOk('json' in guest.show('Array.from({ length: 60 }, (_, i) => 1)', 100));
});

t.test('any JSON value comes back as it was', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      return JSON.stringify(guest.show(`JSON.parse(${JSON.stringify(text)})`).json) === text;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('no toJSON runs', async (t) => {
  const { json } = guest.show(`Object.prototype.toJSON = String.prototype.toJSON = () => 'forged';
    Date.prototype.toJSON = () => 'forged'; ({ a: 'x', d: new Date(0) })`);
  t.strictSame(json, { a: 'x', d: '1970-01-01T00:00:00.000Z' });
  guest.show('delete Object.prototype.toJSON; delete String.prototype.toJSON; delete Date.prototype.toJSON');
});

t.test('a preview is cut with a mark that says how much is missing', async (t) => {
  const { preview } = guest.show('({ text: "a".repeat(500) })', 50);
  t.match(preview, /^\{\n {2}text: 'a+… \d+ more characters$/);
  const shown = preview.indexOf('…');
  t.equal(shown, 50);
  t.equal(guest.show("'😀'.repeat(50)", 10).preview, "'😀😀😀😀… 93 more characters", 'no pair is cut apart');
  t.equal(guest.show('123', 0).preview, '… 3 more characters');
});

t.test('a giant value costs no more than what is shown of it', async (t) => {
  const many = guest.show(
    'const o = {}; for (let i = 0; i < 1e5; i++) o["key" + i] = { i }; globalThis.o = o',
    1000,
  );
  t.ok(many.preview.length < 1100);
  t.match(many.preview, /more (properties|characters)/);
  t.match(guest.preview('new Array(1e6).fill(7)'), /\.\.\. 999900 more items\n\]$/);
  t.match(guest.preview('new Array(4e9)'), '[ <4000000000 empty items> ]');
  t.match(guest.preview('new Uint8Array(5e6)'), /\.\.\. 4999900 more items\n\]$/);
  t.match(guest.preview("'x'.repeat(5e6)"), /x'\.\.\. 4990000 more characters$/);
  t.match(
    guest.preview('new Map(Array.from({ length: 1e5 }, (_, i) => [i, i]))'),
    /\.\.\. 99900 more items\n\}$/,
  );
});
