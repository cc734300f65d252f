// `require` and CommonJS: who asks, what is found, cycles, what a module throws, and where stack traces point.
import t from 'tap';
import { MemoryHost, type File } from '../../../fixtures/module-host.js';
import { TestSandbox } from '../../../fixtures/sandbox.js';

async function open(files: Record<string, File>): Promise<{ host: MemoryHost; sandbox: TestSandbox }> {
  const host = new MemoryHost(files);
  return { host, sandbox: await TestSandbox.open(64, undefined, host) };
}

t.test('a module sees itself, its file and its folder, and is run once', async (t) => {
  const { sandbox, host } = await open({
    'lib/x.js':
      'const { y } = require("./deep/y.js"); exports.seen = [__filename, __dirname, module.id, module.loaded, this === exports, module.exports === exports, typeof require.main, y, require.resolve("./deep/y.js")]; exports.module = module',
    'lib/deep/y.js': 'exports.y = __dirname',
    'top.js': '#!/usr/bin/env node\nmodule.exports = __dirname; return; module.exports = 0',
    '/abs.js': 'module.exports = __dirname',
  });
  t.strictSame(await sandbox.value('require("./lib/x.js").seen'), [
    'lib/x.js',
    'lib',
    'lib/x.js',
    false,
    true,
    true,
    'undefined',
    'lib/deep',
    'lib/deep/y.js',
  ]);
  t.strictSame(
    await sandbox.value('[require("./lib/x.js").module.loaded, require("./top.js"), require("/abs.js")]'),
    [true, '.', '/'],
  );
  t.equal(host.loads('lib/x.js'), 1);
  t.strictSame(await sandbox.value('["module", "exports", "__filename"].map((name) => name in globalThis)'), [
    false,
    false,
    false,
  ]);
});

t.test('the global require goes by the file of the code that calls it', async (t) => {
  const { sandbox } = await open({
    'a/x.js': 'module.exports = "a"',
    'b/x.js': 'module.exports = "b"',
    'x.js': 'module.exports = "top"',
    'b/es.mjs': 'export default require("./x.js")',
  });
  await sandbox.run('globalThis.fromA = () => require("./x.js")', {
    kind: 'script',
    filename: 'a/script.js',
  });
  const inB = { filename: 'b/other.js' };
  t.equal(await sandbox.value('require("./x.js")', inB), 'b');
  t.equal(await sandbox.value('fromA()', inB), 'a');
  t.strictSame(await sandbox.value('["./x.js", "a/x.js"].map(require)', inB), ['b', 'a']);
  t.equal(await sandbox.value('eval(\'require("./x.js")\')', inB), 'b');
  t.equal(await sandbox.value('(await import("./es.mjs")).default', inB), 'b');
  t.equal(await sandbox.value('require("./x.js")', { filename: '<repl>' }), 'top');
  t.equal(await sandbox.value('require.resolve("./x.js")', inB), 'b/x.js');
  await sandbox.run('setTimeout(() => { globalThis.fromTimer = require("./x.js") })', inB);
  while (sandbox.sandbox.nextTimerMs() !== 0) await new Promise((done) => setTimeout(done, 1));
  await sandbox.run('', { kind: 'timer' });
  t.equal(await sandbox.value('fromTimer'), 'b');
});

t.test('modules that require one another get what is exported so far', async (t) => {
  // The example of Node's documentation.
  const { sandbox } = await open({
    'a.js': 'exports.done = false; const b = require("./b.js"); exports.b = b.done; exports.done = true',
    'b.js': 'exports.done = false; const a = require("./a.js"); exports.a = a.done; exports.done = true',
  });
  t.strictSame(await sandbox.value('[require("./a.js"), require("./b.js")]'), [
    { done: true, b: true },
    { done: true, a: false },
  ]);
});

t.test('errors point at the right line and column, also of the first line', async (t) => {
  const { sandbox } = await open({
    'one.js': 'exports.f = () => missing;',
    'two.js': 'exports.f = () => 1;\nexports.g = () => missing;',
    'bad.js': 'let x = ;',
    'bad-2.js': 'let y;\nlet x = ;',
    'throws.js': 'throw new Error("at load")',
    'bad.json': '{ "a": }',
  });
  const stack = async (code: string) => (await sandbox.run(code)).report.error?.stack;
  t.equal(
    await stack('require("./one.js").f()'),
    "ReferenceError: 'missing' is not defined\n    at one.js:1:19\n    at user.js:1:22",
  );
  t.match(await stack('require("./two.js").g()'), /at two\.js:2:19/);
  t.match(await stack('require("./bad.js")'), /^SyntaxError: .*\n    at bad\.js:1:9/);
  t.match(await stack('require("./bad-2.js")'), /at bad-2\.js:2:9/);
  t.match(
    await stack('\n  require("./throws.js")'),
    /^Error: at load\n    at throws\.js:1:16\n    at user\.js:2:10$/,
  );
  t.match(await stack('require("./bad.json")'), /^SyntaxError: bad\.json: /);
});

t.test('a module that throws is run again, and what was asked wrongly is said', async (t) => {
  const { sandbox, host } = await open({ 'x.js': 'throw { not: "an error" }', 'ok.js': 'exports.x = 1' });
  t.match(await sandbox.value('try { require("./x.js") } catch (thrown) { thrown }'), { not: 'an error' });
  host.files['x.js'] = 'module.exports = "mended"';
  t.equal(await sandbox.value('require("./x.js")'), 'mended');
  for (const code of [
    'require()',
    'require(1)',
    'require("")',
    'require("a\\0b")',
    'require({ toString() { return "./ok.js" } })',
  ])
    t.match(await sandbox.value(code), { name: 'TypeError', message: /expected the name of a module/ }, code);
});

t.test('an ES module can be required, unless it has to be waited for', async (t) => {
  const { sandbox } = await open({
    'a.mjs': 'import { b } from "./b.mjs"; export const a = b + 1; export default "d"',
    'b.mjs': 'export const b = 1',
    'c.js': 'exports.ns = require("./a.mjs")',
    'slow.mjs': 'import "./b.mjs"; await null; export const x = 1',
    'over-slow.mjs': 'export * from "./slow.mjs"',
    'throws.mjs': 'throw new RangeError("thrown")',
    'ring.mjs': 'import "./ring.cjs"; export const x = 1',
    'ring.cjs': {
      code: 'globalThis.caught = []; try { require("./ring.mjs") } catch (error) { caught.push(error.code) }',
      exports: [],
    },
    'es-requires.mjs': 'export default require("./a.mjs").a',
  });
  t.strictSame(
    await sandbox.value(
      'const ns = require("./a.mjs"); [ns.a, ns.default, ns === await import("./a.mjs"), ns === require("./c.js").ns]',
    ),
    [2, 'd', true, true],
  );
  for (const name of ['slow', 'over-slow'])
    t.match(await sandbox.value(`require("./${name}.mjs")`), {
      message: `cannot require "${name}.mjs": "slow.mjs" has a top-level await; use "await import(…)" instead`,
    });
  t.equal(await sandbox.value('(await import("./over-slow.mjs")).x'), 1);
  t.equal(await sandbox.value('require("./over-slow.mjs").x'), 1, 'once it was evaluated');
  t.match(await sandbox.value('require("./throws.mjs")'), { name: 'RangeError', message: 'thrown' });
  t.match(await sandbox.value('require("./throws.mjs")'), { name: 'RangeError', message: 'thrown' });
  t.strictSame(await sandbox.value('await import("./ring.mjs"); caught'), ['ERR_REQUIRE_CYCLE_MODULE']);
  t.equal(await sandbox.value('require("./ring.mjs").x'), 1);
  t.equal(await sandbox.value('(await import("./es-requires.mjs")).default'), 2);
});

t.test('many modules, one inside the other, and a ring of them', async (t) => {
  const files: Record<string, File> = {};
  for (let at = 0; at < 1000; at++) {
    files[`c${at}.js`] = `exports.n = require("./c${at + 1}.js").n + 1`;
    files[`m${at}.mjs`] = `import { n as m } from "./m${at + 1}.mjs"; export const n = m + 1`;
    files[`r${at}.mjs`] =
      `import { f as g } from "./r${(at + 1) % 1000}.mjs"; export const f = (n) => n === 0 ? ${at} : g(n - 1)`;
  }
  files['c1000.js'] = 'exports.n = 0';
  files['m1000.mjs'] = 'export const n = 0';
  const { sandbox } = await open(files);
  t.equal(await sandbox.value('require("./c800.js").n'), 200);
  t.equal(await sandbox.value('(await import("./m0.mjs")).n'), 1000);
  t.equal(await sandbox.value('(await import("./r0.mjs")).f(1500)'), 500);
});

t.test('what stands on Object.prototype is told nothing', async (t) => {
  const { sandbox } = await open({
    'a.js': 'exports.n = 1',
    'b.mjs': 'import "./a.js"; export const b = 2',
    h: { format: 'host', code: 'exports.call = () => typeof host', exports: ['call'] },
  });
  await sandbox.run(`
    globalThis.told = [];
    for (const key of ['module', 'begun', 'evaluated', 'required', 'preferred', 'names', 'resolve', 'main', 'loaded', '5'])
      Object.defineProperty(Object.prototype, key, { set(value) { told.push([key, String(value)]) }, get() { told.push(key) }, configurable: true });
  `);
  const { report } = await sandbox.run(
    'require("./a.js"); require("./b.mjs"); (await import("./b.mjs")).b + require("h").call() + typeof require.resolve + told.length',
  );
  t.equal(report.result?.json, '2functionfunction0', report.error?.stack ?? '');
});

t.test('a script that breaks the built-ins still has its modules', async (t) => {
  const { sandbox } = await open({
    'a.js': 'exports.a = 1',
    'b.mjs': 'import a from "./a.js"; export const b = import.meta.url + a.a',
    'c.json': '[1, [2]]',
  });
  await sandbox.run(
    `
    const no = () => { throw new Error('replaced') };
    for (const object of [Array.prototype, String.prototype, Map.prototype, Function.prototype, RegExp.prototype, Reflect, JSON, Object])
      for (const key of Reflect.ownKeys(object)) if (typeof object[key] === 'function' && key !== 'constructor') object[key] = no;
  `.replace('Reflect, JSON, Object', 'JSON, Object'),
  );
  const { report } = await sandbox.run(
    'const b = await import("./b.mjs"); b.b + require("./a.js").a + require("./c.json")[1][0]',
  );
  t.equal(report.result?.json, 'b.mjs112');
});
