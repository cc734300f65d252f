// Whatever a script does to the language, the driver goes on, and nothing of it can be reached.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const sabotage: Record<string, string> = {
  'methods of Array': `for (const k of Reflect.ownKeys(Array.prototype)) { if (k === 'constructor' || k === 'length') continue; Array.prototype[k] = () => { throw new Error('mine'); }; }`,
  'methods of String': `for (const k of Reflect.ownKeys(String.prototype)) { if (k === 'constructor' || k === 'length') continue; String.prototype[k] = () => { throw new Error('mine'); }; }`,
  'methods of Object and Function': `for (const k of Reflect.ownKeys(Object)) { if (typeof Object[k] === 'function' && k !== 'prototype') Object[k] = () => { throw new Error('mine'); }; }
    for (const k of ['call', 'apply', 'bind', 'toString']) Function.prototype[k] = () => { throw new Error('mine'); };`,
  'methods of Map, Set, RegExp, Date, Promise, Symbol': `for (const C of [Map, Set, WeakMap, WeakSet, RegExp, Date, Promise, Symbol, Number, BigInt, Error])
    for (const k of Reflect.ownKeys(C.prototype)) { if (k === 'constructor') continue; try { Object.defineProperty(C.prototype, k, { get() { throw new Error('mine'); }, configurable: true }); } catch {} }`,
  'global objects': `for (const k of ['JSON', 'Object', 'Array', 'String', 'Symbol', 'Promise', 'Reflect', 'Map', 'Set', 'WeakMap', 'Math', 'Number', 'Error', 'TypeError', 'RangeError', 'Date', 'RegExp', 'Function', 'Proxy', 'BigInt', 'eval', 'console', 'process', 'Uint8Array', 'ArrayBuffer', 'globalThis']) this[k] = null;`,
  'properties of Object.prototype': `for (const k of ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'toJSON', 'depth', 'kind', 'ask', 'terse', 'entries', 'through', 'signal'])
    Object.prototype[k] = function () { throw new Error('mine'); };`,
};

/** Reads what the driver says without the guest’s own helpers, which the sabotage may have broken. */
function facts(guest: Guest): unknown {
  const describe = (code: string): unknown => {
    const ended = guest.evaluate(code);
    return 'error' in ended ? ended.error : JSON.parse(String(guest.call('describe', ended.value, 1000)));
  };
  guest.call('declare', '["later"]', '["later"]');
  guest.call('beginRun', '["a"]', '["b"]', '{"C":"d"}');
  guest.call('reseed', '00112233445566778899aabbccddeeff');
  return [
    describe(`later = { a: [1, 'two', { b: null }] }`),
    describe(`saved.map`),
    describe(`saved.failure`),
    describe(`throw saved.failure`),
    describe(`saved.date`),
    describe(`/x/g`),
    guest.call('complete', 'saved.fai'),
    guest.call('nextTimer'),
    guest.call('oneShots'),
    guest.call('runTimer'),
    guest.output(`saved.log('%s and %o', 'text', [1], saved.map)`),
  ];
}

const prepare = `globalThis.saved = { map: new Map([['k', new Set([1])]]), date: new Date(0), log: console.log,
  failure: new TypeError('failed', { cause: 'cause' }) }; setTimeout(() => {}, 1e9); 0`;

t.test('the driver says the same after any sabotage', async (t) => {
  const honest = await Guest.boot();
  honest.show(prepare);
  const expected = facts(honest) as unknown[];
  t.match(expected[0], { type: 'object', json: { a: [1, 'two', { b: null }] } });
  for (const [name, code] of Object.entries(sabotage)) {
    const guest = await Guest.boot();
    guest.show(prepare);
    const ended = guest.evaluate(`${code}; 0`);
    t.notOk('error' in ended, name);
    const told = facts(guest) as unknown[];
    t.equal(told.length, expected.length);
    told.forEach((fact, index) => {
      if (index === 7) t.ok(Number(fact) > 1e8, `${name}: timer`);
      else t.strictSame(fact, expected[index], `${name}: fact ${index}`);
    });
  }
});

t.test('values that fight back are shown somehow', async (t) => {
  const guest = await Guest.boot();
  const values = [
    `new Proxy({}, { get() { throw 1; }, has() { throw 1; }, ownKeys() { throw 1; }, getOwnPropertyDescriptor() { throw 1; }, getPrototypeOf() { throw 1; } })`,
    `new Proxy([], { get() { throw new Error('get'); } })`,
    `new Proxy(function () {}, { getPrototypeOf() { throw undefined; } })`,
    `new Proxy({}, { ownKeys() { return ['a', 'b']; }, getOwnPropertyDescriptor() { return undefined; } })`,
    `new Proxy({}, { getPrototypeOf: () => new Proxy({}, { getPrototypeOf() { throw Symbol('s'); } }) })`,
    `(() => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return [proxy]; })()`,
    `{ get a() { throw 1; }, [Symbol.toPrimitive]() { throw 1; }, toString() { throw 1; }, valueOf: null }`,
    `{ get [Symbol.toStringTag]() { throw 1; } }`,
    `{ constructor: { get name() { throw 1; }, prototype: null } }`,
    `Object.assign(Object.create({ constructor: 5 }), { a: 1 })`,
    `{ [Symbol.for('nodejs.util.inspect.custom')]() { throw { toString() { throw 1; } }; } }`,
    `{ [Symbol.for('nodejs.util.inspect.custom')]() { return this[Symbol.for('nodejs.util.inspect.custom')] = { a: this }; } }`,
    `{ get [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } }`,
    `Object.setPrototypeOf([], null)`,
    `Object.setPrototypeOf(new Uint8Array(2), null)`,
    `Object.setPrototypeOf(/x/, Date.prototype)`,
    `Object.setPrototypeOf(new Date(), Map.prototype)`,
    `(() => { let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return a; })()`,
    `(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })()`,
    `(() => { let a = {}; for (let i = 0; i < 1e4; i++) a = Object.create(a); return a; })()`,
    `(() => { let f = {}; for (let i = 0; i < 1e4; i++) f = new Proxy(f, {}); return f; })()`,
    `Object.defineProperty([1, 2], 'length', { writable: false })`,
    `Object.defineProperty(class {}, 'name', { get() { throw 1; } })`,
    `Object.defineProperty(() => {}, 'name', { value: { toString() { throw 1; } } })`,
    `new (class extends Map { get size() { throw 1; } entries() { throw 1; } [Symbol.iterator]() { throw 1; } })([[1, 2]])`,
    `new (class extends RegExp { get source() { throw 1; } get flags() { throw 1; } })('x')`,
    `globalThis`,
    `Object.prototype`,
    `Function.prototype`,
    `Symbol.prototype`,
  ];
  for (const code of values) {
    const told = guest.show(`(${code})`);
    t.ok(told.preview.length > 0, code);
    t.type(told.type, 'string');
    guest.output(
      `try { console.log((${code}), [${code}]); console.dir((${code}), { depth: null }); console.table([(${code})]); } catch (e) { if (String(e) !== 'InternalError: stack overflow') throw e; }`,
    );
  }
  t.equal(
    guest.preview('new (class M extends Map { get size() { throw 1; } })([[1, 2]])'),
    'M(1) [Map] { 1 => 2 }',
  );
});

t.test('nothing that a script can reach leads to the host or the driver', async (t) => {
  const guest = await Guest.boot();
  const code = `
    const found = new Set(); const queue = [globalThis, (0, eval)('this')]; const strings = new Set();
    const custom = Symbol.for('nodejs.util.inspect.custom');
    console.log({ [custom](...args) { queue.push(this, ...args); try { throw new Error('x'); } catch (e) { queue.push(e); } return 'x'; } });
    queue.push(new URL('a:b'), new AbortController(), new TextEncoder(), structuredClone);
    while (queue.length > 0) {
      const value = queue.pop();
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value)) continue;
      found.add(value);
      queue.push(Object.getPrototypeOf(value));
      for (const key of Reflect.ownKeys(value)) {
        const d = Object.getOwnPropertyDescriptor(value, key);
        queue.push(d.value, d.get, d.set);
        if (typeof key === 'string') strings.add(key);
      }
    }
    const functions = [...found].filter((f) => typeof f === 'function');
    ({ names: functions.map((f) => f.name).filter((n) => ['host', 'boot', 'describe', 'describeError', 'beginRun', 'declare', 'nextTimer', 'runTimer', 'reseed', 'complete'].includes(n)),
       sources: functions.map((f) => Function.prototype.toString.call(f)).filter((s) => !s.includes('[native code]') && !s.includes('custom') && s.length > 300).length,
       keys: ['describe', 'runTimer', 'describeError'].filter((k) => strings.has(k)) })`;
  t.strictSame(guest.show(code).json, { names: [], sources: 0, keys: [] });
});

t.test('callbacks get no hold of what calls them', async (t) => {
  const guest = await Guest.boot();
  guest.show(
    `globalThis.seen = []; function sloppy() { seen.push(this === globalThis, typeof sloppy.caller, arguments.length); }
    setTimeout(sloppy, 0); queueMicrotask(sloppy); 0`.replace(
      'typeof sloppy.caller',
      `(() => { try { return typeof sloppy.caller; } catch { return 'undefined'; } })()`,
    ),
  );
  guest.runJobs();
  for (let due = guest.call('nextTimer'); due !== -1; due = guest.call('nextTimer')) guest.call('runTimer');
  t.strictSame(guest.show('seen').json, [true, 'undefined', 0, true, 'undefined', 0]);
});
