// Previews: what the guest says of a value is what Node's util.inspect says of it.
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();

/** The same code in Node. In the same realm: Node's names for classes depend on it. */
const inNode = (code: string): string => inspect((0, eval)(`(${code})`));

/** Values whose text Node has not changed between 20 and 24. */
const values = [
  '1',
  '-0',
  'NaN',
  '12345678901234567890n',
  'true',
  'null',
  'undefined',
  `'text'`,
  `"it's"`,
  `'both \\' and "'`,
  `'all \\' " \`'`,
  `'tab\\t line\\n nul\\0 del\\x7f \\u0085 back\\\\slash'`,
  `'lone \\ud800 and \\udc00, pair \\ud83d\\ude00'`,
  `'x'.repeat(10_005)`,
  `'a long line that is broken\\n'.repeat(20)`,
  `Symbol('s')`,
  `Symbol.iterator`,
  `[]`,
  `[1, 2, 3]`,
  `[1, , 3, , , 6]`,
  `new Array(5)`,
  `Object.assign([1, 2], { extra: 'x', '-1': 0 })`,
  `Array.from({ length: 27 }, (_, i) => i)`,
  `Array.from({ length: 101 }, (_, i) => i * i)`,
  `Array.from({ length: 120 }, (_, i) => 'item ' + i)`,
  `Array.from({ length: 12 }, (_, i) => ({ i }))`,
  `Array.from({ length: 10 }, (_, i) => BigInt(i) ** 20n)`,
  `['é', '日本', 'combining e\\u0301', '😀', 'x', 'y', 'z', 'w']`,
  `[[[[1]]]]`,
  `{}`,
  `{ a: 1, 'b-c': 2, 3: 4, $: 5, _: 6, 'ü': 7 }`,
  `{ a: { b: { c: { d: 1 } } } }`,
  `{ a: { b: { c: {} } }, list: [[[]], [[1]]] }`,
  `{ f() {}, g: () => 1, h: async () => {}, *i() {}, async *j() {}, k: function () {} }`,
  `{ get a() { throw 1; }, set a(v) {}, get b() { return 1; }, set c(v) {} }`,
  `{ ['__proto__']: 1 }`,
  `{ one: 'a long text that takes its place', two: 'another long text that takes its place', three: 3 }`,
  `Object.create(null)`,
  `Object.assign(Object.create(null), { a: 1 })`,
  `Object.create(Object.create(null))`,
  `Object.create({ inherited: 1 })`,
  `Object.defineProperty({ shown: 1 }, 'hidden', { value: 2 })`,
  `class {}`,
  `class A {}`,
  `class A extends Map { static s = 1; }`,
  `new (class Foo { x = 1; #y = 2; get z() { return 3; } })()`,
  `new (class extends Array {})(3)`,
  `new (class Bag extends Set {})([1])`,
  `new (class Foo { constructor() { this.self = this; } })()`,
  `Object.setPrototypeOf(new Map([[1, 2]]), null)`,
  `Object.create(Map.prototype)`,
  `Object.assign(() => {}, { a: 1 })`,
  `Object.setPrototypeOf(function f() {}, null)`,
  `Math.max`,
  `Math`,
  `JSON`,
  `new Map()`,
  `new Map([[{ a: 1 }, new Map([[1, [2]]])], ['k', 'v']])`,
  `new Map(Array.from({ length: 105 }, (_, i) => [i, i]))`,
  `new Set(['a', 1, { b: new Set([2]) }])`,
  `Object.assign(new Set([1]), { extra: 1 })`,
  `new WeakMap()`,
  `new WeakSet([{}])`,
  `new Date(0)`,
  `new Date(NaN)`,
  `Object.assign(new Date(1), { extra: 1 })`,
  `/a\\/b/giu`,
  `Object.assign(/x/, { extra: 1 })`,
  `new (class R extends RegExp {})('x', 'g')`,
  `new Number(-0)`,
  `new String('abc')`,
  `Object.assign(new String('abc'), { extra: 1 })`,
  `new Boolean(false)`,
  `Object(1n)`,
  `Object(Symbol('boxed'))`,
  `new Uint8Array([1, 2, 3])`,
  `new Float64Array(110)`,
  `new BigInt64Array(2)`,
  `new (class Px extends Uint8Array {})(2)`,
  `(function () { return arguments; })(1, 'two')`,
  `(() => { const a = {}; a.self = a; a.list = [a]; return a; })()`,
  `(() => { const a = { name: 'a' }; const b = { a }; a.b = b; return [a, b]; })()`,
  `(() => { const m = new Map(); m.set('m', m); return m; })()`,
  `new Proxy({ a: 1 }, {})`,
  `new Proxy([1, 2], {})`,
  `new Proxy(function f() {}, {})`,
  `(function* g() {})()`,
  `{ [Symbol.toStringTag]: 'Tagged', a: 1 }`,
  `new (class Named { static { this.prototype[Symbol.toStringTag] = 'Tagged'; } })()`,
];

t.test('a value is shown as Node shows it', async (t) => {
  for (const code of values) t.equal(guest.preview(`(${code})`), inNode(code), code);
});

t.test('any JSON value is shown as Node shows it', async (t) => {
  const data = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(data, (value) => {
      const code = JSON.stringify(value);
      return guest.preview(`JSON.parse(${JSON.stringify(code)})`) === inspect(JSON.parse(code));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('buffers show their bytes', async (t) => {
  t.equal(
    guest.preview('new Uint8Array([1, 255]).buffer'),
    'ArrayBuffer { [Uint8Contents]: <01 ff>, byteLength: 2 }',
  );
  t.match(
    guest.preview('new DataView(new ArrayBuffer(1))'),
    /^DataView \{\n {2}byteLength: 1,\n {2}byteOffset: 0,/,
  );
});

t.test('a promise does not pretend to be pending', async (t) => {
  t.equal(guest.preview('({ done: Promise.resolve(1) })'), '{ done: Promise {} }');
});

t.test('a custom inspection method is asked, with Node’s arguments', async (t) => {
  guest.show(`globalThis.Money = class Money {
    constructor(n) { this.n = n; }
    [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
      return options.stylize('€' + inspect(this.n, options), 'number') + ' at ' + depth;
    }
  }; 0`);
  t.equal(guest.preview('[new Money(5)]'), '[ €5 at 1 ]');
  t.equal(guest.preview('Money.prototype'), '{}');
});

t.test('getters do not run, not even one for Symbol.toStringTag or a constructor', async (t) => {
  guest.show(`globalThis.ran = []; globalThis.Sly = class Sly {
    get [Symbol.toStringTag]() { ran.push('tag'); return 'x'; }
    get name() { ran.push('name'); return 'x'; }
    get message() { ran.push('message'); return 'x'; }
  }; 0`);
  t.equal(guest.preview('new Sly()'), 'Sly {}');
  guest.preview(`Object.setPrototypeOf(new Error('e'), Sly.prototype)`);
  guest.preview(`({ get constructor() { ran.push('constructor'); }, get stack() { ran.push('stack'); } })`);
  t.equal(guest.preview('ran'), '[]');
});

t.test('console.dir’s options are Node’s', async (t) => {
  const options = [
    '{ depth: 0 }',
    '{ depth: null }',
    '{ maxArrayLength: 1 }',
    '{ maxStringLength: 2 }',
    '{ breakLength: 10 }',
  ];
  const code = `{ a: { b: { c: { d: [1, 2, 3] } } }, text: 'some text' }`;
  for (const option of options) {
    const expected = inspect(runInNewContext(`(${code})`), runInNewContext(`(${option})`) as object);
    t.strictSame(guest.output(`console.dir(${code}, ${option})`), [expected], option);
  }
  t.strictSame(guest.output('console.dir([1], { showHidden: true })'), ['[ 1, [length]: 1 ]']);
});
