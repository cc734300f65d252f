// Attacks by what a script hands over: values that fight back, built-ins that were replaced, and names that are more
// than names.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Event, HostCall } from '#src/records/index.js';
import { attacked, folderGrant, module } from '../fixtures/attacked.js';
import { TestLibraries } from '../fixtures/library-source.js';

const everything = [
  module('fs', { write: true }),
  module('database', { write: true }),
  module('exec', { allow: ['echo'] }),
];

t.test('values that fight back are refused or harmless', async (t) => {
  const { session, attempt, run, faults } = await attacked(t);
  const s = await session(everything, { limits: { cpuMs: 60_000, wallMs: 60_000 } });
  await run(
    s,
    `const fs = require('fs'), { open } = require('database'), { run } = require('exec'); const getter = (name) => Object.defineProperty({}, name, { enumerable: true, get() { return Math.random() < 0.5 ? 'x' : {} } });
     const proxy = new Proxy({}, { get: (_, name) => name === Symbol.toPrimitive ? undefined : proxy, ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ value: proxy, enumerable: true, configurable: true }) });
     const cyclic = {}; cyclic.self = cyclic;
     const deep = []; let at = deep; for (let i = 0; i < 1e5; i++) at.push(at = []);
     const hostile = [getter('cwd'), proxy, cyclic, deep, new Proxy([], { get: (o, k) => k === 'length' ? 5000 : o[k] }),
       Symbol('s'), 10n ** 400n, () => {}, new Date(NaN), new Map(), NaN, -0, Infinity, 2 ** 53, -1, '\\ud800', '\\0', '', null, undefined,
       { __proto__: null, toString: 1 }, JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}}}'), 'x'.repeat(5000), Array(1e4)];
     const ways = [
       (v) => fs.readFileSync(v), (v) => fs.readFileSync('a.txt', v), (v) => fs.writeFileSync('w', v), (v) => fs.writeFileSync('w', 'x', v),
       (v) => fs.writeFileSync('w', 'x', { flag: v, mode: v }), (v) => fs.openSync('a.txt', v), (v) => fs.openSync('w', 'w', v), (v) => fs.readSync(v, new Uint8Array(4)),
       (v) => fs.readSync(0, new Uint8Array(4), 0, v, v), (v) => fs.closeSync(v), (v) => fs.mkdirSync('m', v), (v) => fs.readdirSync('.', v),
       (v) => fs.utimesSync('a.txt', v, v), (v) => fs.chmodSync('a.txt', v), (v) => fs.truncateSync('w', v), (v) => fs.accessSync('a.txt', v),
       (v) => fs.rmSync('m', v), (v) => fs.mkdtempSync(v), (v) => fs.renameSync(v, v),
       (v) => run(v), (v) => run('echo', v), (v) => run('echo', [v]), (v) => run('echo', [], v), (v) => run('echo', [], { cwd: v }), (v) => run('echo', [], { env: v }),
       (v) => run('echo', [], { input: v }), (v) => run('echo', [], { maxBytes: v }), (v) => run('echo', [], { timeoutMs: v }),
       (v) => open(v).close(), (v) => memory.query(v), (v) => memory.query('SELECT ?', v), (v) => memory.query('SELECT ?', [v]), (v) => memory.query('SELECT :a', { a: v }), (v) => memory.exec(v, v),
     ];
     const memory = open(':memory:'); undefined`,
  );
  t.equal(
    await attempt(s, `(hostile.forEach((v) => ways.forEach((way) => { try { way(v) } catch {} })), 'done')`),
    'done',
  );
  t.same(faults(), []);
  t.equal(
    await attempt(s, `run('echo', ['on']).stdout + memory.query('SELECT 1 AS n')[0].n`),
    'on\n1',
    'all goes on',
  );
});

t.test('prototypes and constructors of what the host answers are the session’s own', async (t) => {
  const { session, attempt, run, faults } = await attacked(t);
  const s = await session(everything);
  await run(
    s,
    `const fs = require('fs'), { open } = require('database'), { run } = require('exec'); const db = open(':memory:');
     const caught = (() => { try { fs.readFileSync('/etc/passwd') } catch (e) { return e } })(); undefined`,
  );
  for (const value of [
    `fs.readFileSync('a.txt')`,
    `fs.statSync('a.txt')`,
    `fs.readdirSync('.')`,
    `run('echo', ['x'])`,
    `db.query('SELECT 1 AS a, x\\'00\\' AS b')`,
    'caught',
    'fs.readFileSync',
    'run',
    'db',
  ])
    t.equal(
      await attempt(
        s,
        `(${value}).constructor.constructor('return typeof globalThis.process?.binding + typeof globalThis.require?.main?.require')()`,
      ),
      'undefinedundefined',
      value,
    );
  t.equal(await attempt(s, `caught.stack.includes('dist/') || caught.stack.includes('file://')`), false);
  // Rows and names that are called like what every object has.
  t.equal(
    await attempt(
      s,
      `(db.query('SELECT 1 AS __proto__, 2 AS constructor, 3 AS toString'), ({}).a === undefined && ({}).constructor === Object)`,
    ),
    true,
  );
  t.equal(await attempt(s, `run('echo', [], JSON.parse('{"__proto__": {"cwd": "/"}}')).status`), 0);
  t.equal(await attempt(s, `run('echo', [], JSON.parse('{"constructor": 1}')).status`), 0);
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])
    for (const call of [
      `fs.openSync('a.txt', '${name}')`,
      `fs.readFileSync('a.txt', '${name}')`,
      `run('${name}')`,
      `fs['${name}Sync']()`,
      `require('${name}')`,
    ])
      t.match(await attempt(s, call), /^(?:E|TypeError|MODULE_NOT_FOUND)/, call);
  t.same(faults(), []);
});

t.test('a script that replaces every built-in gets no further than before', async (t) => {
  const { outside, session, run, runtime, faults } = await attacked(t);
  const s = await session(everything);
  const { result, status } = await run(
    s,
    `const fs = require('fs'), { run } = require('exec'); var seen = [], leaked = [];
     const keep = { push: Array.prototype.push, call: Function.prototype.call };
     const spy = (holder, name) => { const old = holder[name]; try { holder[name] = function (...args) { for (const a of args) leaked[leaked.length] = typeof a === 'function' ? String(a).slice(0, 30) : typeof a; return Reflect.apply(old, this, args) } } catch {} };
     for (const holder of [Array.prototype, String.prototype, Object.prototype, Promise.prototype, Map.prototype, Uint8Array.prototype.__proto__, JSON])
       for (const name of Object.getOwnPropertyNames(holder)) if (name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(holder, name).value === 'function') spy(holder, name);
     for (const path of ['/etc/passwd', '${outside}/secret.txt', '../outside/secret.txt'])
       try { seen[seen.length] = fs.readFileSync(path, 'utf8') } catch (e) { seen[seen.length] = e.code }
     try { seen[seen.length] = run('cat', ['/etc/passwd']) } catch (e) { seen[seen.length] = e.code }
     seen.join()`,
    { onFailure: 'rollback' },
  );
  t.equal(status, 'ok');
  t.equal(result?.json, 'EACCES,EACCES,EACCES,EACCES');
  await run(
    s,
    `for (const name of ['code', 'allow', 'write', 'kind', 'path', 'then', 'get', 'set', 'value', 'enumerable', 'begun', 'module', 'required', '0', '1', '5'])
       Object.defineProperty(Object.prototype, name, { configurable: true, get() { return '/etc/passwd' }, set() {} });
     try { fs.readFileSync('/etc/passwd') } catch {} ; try { run('sh') } catch {}; undefined`,
    { onFailure: 'rollback' },
  );
  const fresh = await session(everything);
  t.equal(
    await runtime.value(fresh, `require('fs').readFileSync('a.txt', 'utf8')`),
    'a',
    'others notice nothing',
  );
  t.same(faults(), []);
});

t.test('what a session has no grant of is not called, whatever id or name it gives', async (t) => {
  const { tree, outside, session, attempt, run, faults } = await attacked(t);
  writeFileSync(join(tree, 'own.mjs'), `export const url = import.meta.url`);
  const none = await session([]);
  const some = await session([module('path')]);
  for (const s of [none, some]) {
    for (const name of [
      'fs',
      'node:fs',
      'fs/promises',
      'exec',
      'child_process',
      'node:child_process',
      'database',
    ])
      t.equal(await attempt(s, `require('${name}')`), 'MODULE_NOT_ALLOWED', name);
    for (const name of ['vmsys:fs', 'vmsys:exec'])
      t.match(await attempt(s, `require('${name}')`), /^MODULE_NOT_/, name);
    for (const name of ['net', 'node:net', 'process', 'vm', 'worker_threads', 'module', 'node:module'])
      t.match(await attempt(s, `require('${name}')`), /^MODULE_NOT_/, name);
    for (const name of [
      'node:exec',
      'node:fs-promises',
      'vmsys:',
      'vmsys:prelude',
      `${outside}/secret.txt`,
      '../outside/secret.js',
    ])
      t.match(await attempt(s, `require(${JSON.stringify(name)})`), /^(?:MODULE_NOT_|INVALID_PATH)/, name);
    const { result } = await run(
      s,
      `(await Promise.allSettled(['fs', 'node:fs', 'vmsys:fs', 'node:exec', 'vmsys:prelude'].map((name) => import(name)))).map((o) => o.status).join()`,
    );
    t.match(result?.json ?? result?.preview, /^(?:rejected,?){5}$/);
  }
  t.equal(
    await attempt(
      none,
      `typeof process.env.HOME + typeof process.binding + typeof process.dlopen + typeof process.mainModule`,
    ),
    'undefined'.repeat(4),
  );
  t.same(faults(), []);
});

t.test('only the variables that were granted are there', async (t) => {
  const { session, attempt } = await attacked(t, {
    environment: { HOME: '/home/me', TOKEN: 'secret', LANG: 'C' },
  });
  const s = await session([module('exec', { allow: ['env'] }), { kind: 'env', name: 'LANG', config: {} }]);
  t.equal(await attempt(s, `JSON.stringify(process.env)`), '{"LANG":"C"}');
  t.equal(await attempt(s, `require('exec').run('env').stdout.includes('secret')`), false);
  for (const env of [`{ TOKEN: 'x' }`, `{ LD_PRELOAD: '/tmp/x.so' }`, `{ PATH: '/tmp' }`])
    t.equal(await attempt(s, `require('exec').run('env', [], { env: ${env} })`), 'EACCES', env);
  t.equal(
    await attempt(s, `require('exec').run('env', [], { env: { 'LANG=x\\nLD_PRELOAD': 'y' } })`),
    'ERR_INVALID_ARG_VALUE',
  );
  t.equal(
    await attempt(s, `require('exec').run('env', [], { env: { LANG: 'x\\0LD_PRELOAD=y' } })`),
    'ERR_INVALID_ARG_VALUE',
  );
});

t.test('memory of the host never comes along with an answer', async (t) => {
  const { tree, session, attempt } = await attacked(t);
  const mark = 'nobody-else-has-this';
  for (let i = 0; i < 500; i++) Buffer.from(mark + i);
  writeFileSync(join(tree, 'small'), 'abc');
  const s = await session(everything);
  for (const bytes of [
    `require('fs').readFileSync('small')`,
    `require('child_process').execFileSync('echo', ['ab'])`,
    `(d => { const b = new Uint8Array(100); require('fs').readSync(d, b); return b.subarray(0, 3) })(require('fs').openSync('small'))`,
    `require('database').open(':memory:').query("SELECT x'616263' AS b")[0].b`,
  ]) {
    const seen = await attempt(
      s,
      `(b => [b.length, b.byteOffset + b.byteLength <= b.buffer.byteLength, b.buffer.byteLength])(${bytes})`,
    );
    t.match(seen, [3, true], bytes);
    t.ok((seen as number[])[2]! <= 100, `${bytes}: ${String(seen)}`);
  }
});

t.test('host modules work in executions only: what is not recorded is not done', async (t) => {
  const { runtime, tree, session, run, attempt } = await attacked(t);
  const s = await session([...everything, folderGrant('/tmp')]);
  await run(
    s,
    `const fs = require('fs'); var trap = new Proxy({}, { ownKeys() { fs.writeFileSync('completed', ''); return [] }, getPrototypeOf() { fs.writeFileSync('completed', ''); return null } }); undefined`,
  );
  await runtime.sessions.complete(s.id, 'trap.');
  t.equal(await attempt(s, `require('fs').existsSync('${tree}/completed')`), false);
});

const hostCallsIn = (events: readonly Event[] = []): HostCall[] =>
  events.flatMap((event) => (event.type === 'host' ? [event.payload] : []));

t.test('a library calls no host module while it loads', async (t) => {
  const code = `
    const attempt = (work) => { try { work(); return 'done' } catch (error) { return error.code } };
    const write = () => attempt(() => require('fs').writeFileSync('by-library', ''));
    const run = () => attempt(() => require('exec').run('touch', ['by-program']));
    const open = () => attempt(() => require('database').open('by-database'));
    module.exports = { write, loaded: [write(), run(), open()] };
  `;
  const libraries = new TestLibraries({ 'hostile@1.0.0': { code, global: 'hostile' } });
  const { tree, session, run } = await attacked(t, { libraries });
  const s = await session(
    [
      module('fs', { write: true }),
      module('exec', { allow: ['touch'] }),
      module('database', { write: true }),
    ],
    { libraries: ['hostile'] },
  );
  const { result, events = [] } = await run(s, `require('hostile').loaded`);
  t.strictSame(result?.json, ['EPERM', 'EPERM', 'EPERM']);
  t.same(hostCallsIn(events), []);
  t.strictSame(readdirSync(tree), ['a.txt']);
  const later = await run(s, `require('hostile').write()`);
  t.equal(later.result?.json, 'done', 'in an execution it does');
  t.match(hostCallsIn(later.events), [{ call: 'writeFile', target: 'by-library' }]);
});
