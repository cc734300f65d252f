// The globals are as the language's own: not enumerable, replaceable, without sources, and nothing else is visible.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const names =
  `AbortController AbortSignal CustomEvent DOMException Event EventTarget TextDecoder TextEncoder URL
  URLSearchParams atob btoa clearImmediate clearInterval clearTimeout console crypto global performance process
  queueMicrotask require self setImmediate setInterval setTimeout structuredClone vmsys`.split(/\s+/);

t.test('no global is enumerable at the start, and none is there that should not be', async (t) => {
  const guest = await Guest.boot();
  t.strictSame(guest.show('Object.keys(globalThis)').json, []);
  guest.show('var engine = 0');
  const bare =
    'Error EvalError RangeError ReferenceError SyntaxError TypeError URIError InternalError AggregateError Array Object Function Iterator parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape Infinity NaN undefined eval Number Boolean String Math Reflect Symbol globalThis BigInt Date RegExp JSON Proxy Map Set WeakMap WeakSet ArrayBuffer SharedArrayBuffer Uint8ClampedArray Int8Array Uint8Array Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DataView Promise WeakRef FinalizationRegistry engine'.split(
      ' ',
    );
  const all = guest.show('Object.getOwnPropertyNames(globalThis)').json as string[];
  t.strictSame(all.filter((name) => !bare.includes(name)).toSorted(), names.toSorted());
  t.equal(guest.show('typeof Atomics').json, 'undefined');
});

t.test('functions look native and classes keep their names', async (t) => {
  const guest = await Guest.boot();
  const functions = [
    ...names.filter(
      (name) => !['console', 'crypto', 'global', 'performance', 'process', 'self', 'vmsys'].includes(name),
    ),
    'console.log',
    'process.nextTick',
    'performance.now',
    'crypto.randomUUID',
    'Math.random',
    'Error.captureStackTrace',
    'Array.fromAsync',
    'Function.prototype.toString',
    'URL.prototype.toString',
    'TextEncoder.prototype.encode',
    'AbortSignal.timeout',
  ];
  for (const path of functions) {
    const name = path.split('.').at(-1);
    t.equal(guest.show(`${path}.name`).json, name);
    t.equal(guest.show(`String(${path})`).json, `function ${name}() {\n    [native code]\n}`);
  }
  t.equal(guest.show('String((a) => a + 1)').json, '(a) => a + 1');
  t.match(guest.fail('Function.prototype.toString.call(1)').name, 'TypeError');
});

t.test('every global can be replaced, by assignment and by declaration', async (t) => {
  for (const declare of [
    (name: string) => `${name} = 5`,
    (name: string) => `var ${name} = 5`,
    (name: string) => `'use strict'; ${name} = 5`,
  ]) {
    const guest = await Guest.boot();
    for (const name of names) {
      guest.show(`${declare(name)}; 0`);
      t.equal(guest.show(`globalThis.${name}`).json, 5, declare(name));
    }
  }
  const guest = await Guest.boot();
  for (const name of ['URL', 'setTimeout', 'console']) {
    guest.show(`function ${name}() { return 'mine'; }`);
    t.equal(guest.show(`${name}()`).json, 'mine');
  }
});

t.test('a run sees its arguments and environment', async (t) => {
  const guest = await Guest.boot();
  guest.call('beginRun', '["vmsys","a.js","x"]', '["x"]', '{"HOME":"/h","__proto__":"p","constructor":"c"}');
  t.strictSame(guest.show('process.argv').json, ['vmsys', 'a.js', 'x']);
  t.strictSame(guest.show('vmsys.args').json, ['x']);
  t.strictSame(guest.show('Object.entries(process.env)').json, [
    ['HOME', '/h'],
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  t.equal(
    guest.show(
      `'HOME' in process.env && process.env.PATH === undefined && process.env.hasOwnProperty('HOME')`,
    ).json,
    true,
  );
  guest.show(`process.env.HOME = 'changed'; process.argv.push('y'); 0`);
  guest.call('beginRun', '["vmsys"]', '[]', '{}');
  t.strictSame(guest.show('[process.argv, vmsys.args, process.env]').json, [['vmsys'], [], {}]);
  guest.show('Object.freeze(process); Object.freeze(vmsys); process = null; 0');
  guest.call('beginRun', '["vmsys"]', '["z"]', '{}');
});

t.test('process is the little that scripts count on', async (t) => {
  const guest = await Guest.boot();
  t.strictSame(guest.show('[process.platform, process.cwd(), process.versions]').json, [
    'linux',
    '/',
    { quickjs: '2025-09-13' },
  ]);
  t.match(guest.fail('process.exit(1)'), {
    name: 'Error',
    message: /^process\.exit: a session has no process to end; .*/,
  });
  guest.now = 1500.25;
  t.strictSame(guest.show('process.hrtime()').json, [1, 500_250_000]);
  t.strictSame(guest.show('process.hrtime([0, 600_000_000])').json, [0, 900_250_000]);
  t.equal(guest.preview('process.hrtime.bigint()'), '1500250000n');
  t.equal(guest.show('performance.now()').json, 1500.25);
  t.equal(guest.show('global === globalThis').json, true);
});

t.test('randomness: sequences differ, are uniform, and a seed repeats one', async (t) => {
  const guest = await Guest.boot();
  const draw = (): unknown => guest.show('Array.from({ length: 5 }, Math.random)').json;
  guest.call('reseed', '00112233445566778899aabbccddeeff');
  const first = draw();
  t.not(JSON.stringify(draw()), JSON.stringify(first));
  guest.call('reseed', '00112233445566778899aabbccddeeff');
  t.strictSame(draw(), first);
  guest.call('reseed', '00112233445566778899aabbccddeefe');
  t.not(JSON.stringify(draw()), JSON.stringify(first));
  const other = await Guest.boot();
  t.not(other.show('Math.random()').json, (await Guest.boot()).show('Math.random()').json, 'seeded at boot');
  const counts = guest.show(
    `const bins = new Array(10).fill(0); for (let i = 0; i < 1e4; i++) bins[Math.floor(Math.random() * 10)]++; bins`,
  );
  for (const count of counts.json as number[]) t.ok(count > 800 && count < 1200);
});

t.test('crypto takes its bytes from the host', async (t) => {
  const guest = await Guest.boot();
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (let round = 0; round < 20; round++) t.match(guest.show('crypto.randomUUID()').json, uuid);
  const bytes = guest.show('[...crypto.getRandomValues(new Uint8Array(40)).subarray(1, 39)]')
    .json as number[];
  t.ok(bytes.length === 38 && new Set(bytes).size > 20);
  t.strictSame(
    guest.show(
      'const whole = new Uint8Array(8); crypto.getRandomValues(whole.subarray(2, 4)); [whole[0], whole[1], whole[4]]',
    ).json,
    [0, 0, 0],
  );
  t.equal(guest.show('crypto.getRandomValues(new BigUint64Array(1))[0] > 0n').json, true);
  t.match(
    guest.fail('crypto.getRandomValues(new Float64Array(1))').message,
    /expected an array of integers, got Float64Array/,
  );
  t.match(guest.fail('crypto.getRandomValues([1])').name, 'TypeError');
  t.match(
    guest.fail('crypto.getRandomValues(new Uint8Array(65_537))').message,
    /at most 65536 bytes, got 65537/,
  );
});

t.test('Array.fromAsync', async (t) => {
  const guest = await Guest.boot();
  const settled = (code: string): unknown => {
    guest.show(
      `globalThis.out = undefined; (${code}).then((v) => { out = v; }, (e) => { out = String(e); }); 0`,
    );
    guest.runJobs();
    return guest.show('out').json;
  };
  t.strictSame(settled('Array.fromAsync([1, Promise.resolve(2)], async (x, i) => x * 10 + i)'), [10, 21]);
  t.strictSame(settled('Array.fromAsync((async function* () { yield 1; yield 2; })())'), [1, 2]);
  t.strictSame(settled('Array.fromAsync({ length: 2, 0: Promise.resolve("a"), 1: "b" })'), ['a', 'b']);
  t.match(settled('Array.fromAsync(null)'), /^TypeError: /);
  t.equal(settled('Array.fromAsync([Promise.reject(new Error("no"))])'), 'Error: no');
});
