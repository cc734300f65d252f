// What modules leave in a session's memory: after a save and a restore everything goes on, and a rollback takes it back.
import t from 'tap';
import { defaultLimits } from '#src/records/index.js';
import { createShadow, fillShadow, imageOfShadow } from '#src/runtime/engine/image.js';
import { MemoryHost } from '../../../fixtures/module-host.js';
import { TestSandbox, base } from '../../../fixtures/sandbox.js';

/** The session as another process would find it, with a host that has nothing. */
async function wake(sandbox: TestSandbox, host = new MemoryHost({})): Promise<TestSandbox> {
  const image = imageOfShadow(sandbox.shadow, base, base);
  const shadow = createShadow(64);
  fillShadow(shadow, base, base, image);
  return TestSandbox.open(64, shadow, host);
}

t.test('after a wake nothing is loaded again, and everything is the same', async (t) => {
  const host = new MemoryHost({
    'c.js': 'let n = 0; exports.up = () => ++n; exports.self = exports',
    'm.mjs':
      'import c from "./c.js"; let n = 10; export const up = () => ++n; export { n }; export const url = import.meta.url; export default c',
    'ring-a.js': 'exports.b = require("./ring-b.js"); exports.name = () => "a"',
    'ring-b.js': 'exports.a = require("./ring-a.js"); exports.call = () => exports.a.name()',
    'j.json': '{ "list": [] }',
    h: { format: 'host', code: 'exports.call = () => host("ping")', exports: ['call'] },
  });
  const first = await TestSandbox.open(64, undefined, host);
  await first.sandbox.load(
    [
      {
        id: 'lib@1',
        name: 'lib',
        global: 'lib',
        format: 'script',
        code: 'let n = 100; exports.up = () => ++n',
      },
    ],
    defaultLimits,
  );
  await first.run(
    'globalThis.c = require("./c.js"); globalThis.m = await import("./m.mjs"); globalThis.b = require("./ring-b.js"); globalThis.j = require("./j.json"); globalThis.h = require("h"); c.up(); m.up(); lib.up(); j.list.push(1)',
  );
  const second = new MemoryHost({
    'm.mjs': 'throw 1',
    'c.js': 'throw 1',
    'ring-a.js': '',
    'ring-b.js': '',
    'j.json': '',
    h: '',
  });
  second.onCall = () => 'pong';
  const woken = await wake(first, second);
  t.strictSame(
    await woken.value(
      '[require("./c.js") === c, (await import("./m.mjs")) === m, require("./m.mjs") === m, m.default === c, require("./ring-b.js") === b, require("./j.json") === j, require("lib") === lib, (await import("lib")).default === lib]',
    ),
    [true, true, true, true, true, true, true, true],
  );
  t.strictSame(
    await woken.value('[c.up(), m.up(), m.n, m.url, b.call(), lib.up(), require("./j.json").list, h.call()]'),
    [2, 12, 12, 'm.mjs', 'a', 102, [1], 'pong'],
  );
  t.strictSame(
    second.asked.filter((entry) => entry.startsWith('load')),
    [],
  );
});

t.test('an import that waits goes on after the wake', async (t) => {
  const host = new MemoryHost({
    'slow.mjs':
      'export const value = await new Promise((done) => { globalThis.finish = done }); import "./after.mjs"',
    'after.mjs': 'export const x = 1',
    'user.mjs': 'import { value } from "./slow.mjs"; import c from "./c.js"; export default value + c',
    'c.js': { code: 'module.exports = " and CommonJS"', exports: [] },
  });
  const first = await TestSandbox.open(64, undefined, host);
  await first.run('globalThis.got = []; import("./user.mjs").then((m) => got.push(m.default)); 0');
  const woken = await wake(first, host);
  t.strictSame(await woken.value('got'), []);
  await woken.run('finish("waited"); 0');
  t.strictSame(await woken.value('got'), ['waited and CommonJS']);
  t.strictSame(await woken.value('[(await import("./user.mjs")).default, require("./slow.mjs").value]'), [
    'waited and CommonJS',
    'waited',
  ]);
});

t.test('a rollback forgets the modules that came since', async (t) => {
  const host = new MemoryHost({
    'c.js': 'exports.n = 1',
    'm.mjs': 'export const n = 1',
    'old.mjs': 'export let n = 0; export const up = () => ++n',
  });
  const sandbox = await TestSandbox.open(64, undefined, host);
  await sandbox.run('globalThis.old = await import("./old.mjs")');
  await sandbox.run('old.up(); require("./c.js"); await import("./m.mjs"); throw 1', {
    rollbackOnFailure: true,
  });
  host.files['c.js'] = 'exports.n = 2';
  host.files['m.mjs'] = 'export const n = 2';
  t.strictSame(
    await sandbox.value(
      '[require("./c.js").n, (await import("./m.mjs")).n, old.n, (await import("./old.mjs")) === old]',
    ),
    [2, 2, 0, true],
  );
});

t.test('an endless loop at the top level of a module ends at the deadline', async (t) => {
  const files = {
    'loop.mjs': 'for (;;);',
    'loop.js': 'for (;;);',
    'user.mjs': 'import "./loop.js"',
    'ok.js': 'module.exports = 1',
  };
  const limits = { limits: { wallMs: 60 } };
  for (const code of [
    'require("./loop.js")',
    'try { require("./loop.js") } catch {} for (;;);',
    'await import("./loop.mjs")',
    'await import("./user.mjs")',
    'require("./loop.mjs")',
    'import("./loop.mjs").catch(() => {}); 0',
  ]) {
    const sandbox = await TestSandbox.open(64, undefined, new MemoryHost(files));
    await sandbox.run('globalThis.n = 1');
    const { report } = await sandbox.run(`n = 2; ${code}`, limits);
    t.match(report, { status: 'timeout', error: { limit: 'wallMs' } }, code);
    t.equal(await sandbox.value('n'), report.state === 'kept' ? 2 : 1, `${code}: ${report.state}`);
    t.equal(report.state, /loop\.js|user/.test(code) ? 'kept' : 'rolled_back', code);
    t.equal(await sandbox.value('require("./ok.js")'), 1);
    t.match(
      (await sandbox.run('require("./loop.js")', limits)).report,
      { status: 'timeout' },
      'it is run again',
    );
  }
  const sandbox = await TestSandbox.open(64, undefined, new MemoryHost(files));
  t.match(
    (await sandbox.run('import "./loop.mjs"', { ...limits, kind: 'module', filename: 'm.mjs' })).report,
    { status: 'timeout' },
  );
  t.equal(await sandbox.value('1'), 1);
});

t.test('a stack that overflows while modules load is an error like any other', async (t) => {
  const files: Record<string, string> = {
    'deep.mjs': `export default ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    'deep.js': `module.exports = ${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
    'ok.mjs': 'export default 1',
  };
  const sandbox = await TestSandbox.open(64, undefined, new MemoryHost(files));
  for (const code of [
    'await import("./deep.mjs")',
    'require("./deep.js")',
    'require("./deep.mjs")',
    'const f = () => { require("./deep.js"); f() }; f()',
  ]) {
    const { report } = await sandbox.run(code);
    t.match(report.status, /^(?:limit_exceeded|error|crashed)$/, code);
    t.equal(await sandbox.value('(await import("./ok.mjs")).default'), 1, `after ${code}`);
  }
});

t.test('calls and failures, again and again, leave nothing behind', async (t) => {
  const host = new MemoryHost({
    m: { format: 'host', code: 'exports.echo = host.bind(null, "echo")', exports: ['echo'] },
    'bad.mjs': 'export default ;',
    'throws.cjs': 'throw 1',
  });
  host.onCall = (_name, [first]) => first;
  const sandbox = await TestSandbox.open(64, undefined, host);
  for (const code of [
    'require("m").echo({ a: [1, "x", new Uint8Array(1000)] })',
    'try { require("nowhere") } catch {}',
    'try { require("./throws.cjs") } catch {}',
    'await import("./bad.mjs").catch(() => {})',
  ]) {
    const round = async () => {
      const { report } = await sandbox.run(`for (let i = 0; i < 300; i++) { ${code} }`);
      t.equal(report.status, 'ok', code);
      return report.metrics.memoryBytes;
    };
    await round();
    const before = await round();
    t.equal(await round(), before, code);
  }
});
