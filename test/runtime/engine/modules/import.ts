// ES modules: what `import` and `import()` find, in which order they run, and what a script is told that cannot have it.
import t from 'tap';
import { MemoryHost, type File } from '../../../fixtures/module-host.js';
import { TestSandbox, type Change } from '../../../fixtures/sandbox.js';

async function open(files: Record<string, File>): Promise<{ host: MemoryHost; sandbox: TestSandbox }> {
  const host = new MemoryHost(files);
  return { host, sandbox: await TestSandbox.open(64, undefined, host) };
}

const module = (filename: string): Change => ({ kind: 'module', filename });

t.test('a module imports from others, each evaluated once', async (t) => {
  const { host, sandbox } = await open({
    'lib/a.mjs':
      'import { order } from "./b.mjs"; order.push("a"); export const a = 1; export default "main a"; export { order }',
    'lib/b.mjs': 'export const order = ["b"]; export let count = 0; export const up = () => ++count',
    'lib/all.mjs':
      'export * from "./a.mjs"; export * as b from "./b.mjs"; export { default as main } from "./a.mjs"',
  });
  const code =
    'import main, { a, order } from "./lib/a.mjs"; import * as b from "./lib/b.mjs"; b.up(); export const seen = [main, a, order, b.count]';
  t.strictSame(
    await sandbox.value(code, module('main.mjs')),
    { seen: ['main a', 1, ['b', 'a'], 1] },
    'its value is its namespace',
  );
  t.equal(
    await sandbox.value('import "./lib/a.mjs"', module('bare.mjs')),
    undefined,
    'without exports there is no value',
  );
  const ran = await sandbox.run(code, module('main.mjs'));
  t.match(ran.report.result?.preview, /main a/);
  t.strictSame(
    await sandbox.value(
      'const all = await import("./lib/all.mjs"); [Object.keys(all), all.b.count, all.order]',
    ),
    [['a', 'b', 'main', 'order'], 2, ['b', 'a']],
    'the second run found what the first had evaluated',
  );
  for (const id of Object.keys(host.files)) t.equal(host.loads(id), 1, id);
});

t.test('scripts import with import(), relative to the file they are in', async (t) => {
  const { sandbox, host } = await open({ 'a/x.mjs': 'export default "a"', 'b/x.mjs': 'export default "b"' });
  const load: Change = { kind: 'script', filename: 'a/script.js' };
  await sandbox.run('globalThis.later = () => import("./x.mjs")', load);
  t.equal(await sandbox.value('(await later()).default', { filename: 'b/other.js' }), 'a');
  t.equal(await sandbox.value('(await import("./x.mjs")).default', { filename: 'b/other.js' }), 'b');
  t.equal(await sandbox.value('(await Function("return import(\'a/x.mjs\')")()).default'), 'a');
  t.ok(host.asked.includes('resolve a/x.mjs from <input> by import'));
  t.equal(await sandbox.value('(await import("a/x.mjs")) === (await import("a/x.mjs"))'), true);
});

t.test('modules that import one another see what is there, and fail where nothing is yet', async (t) => {
  const { sandbox } = await open({
    'even.mjs': 'import { odd } from "./odd.mjs"; export const even = (n) => n === 0 || odd(n - 1)',
    'odd.mjs': 'import { even } from "./even.mjs"; export const odd = (n) => n !== 0 && even(n - 1)',
    'early.mjs': 'import { b } from "./late.mjs"; export const a = b',
    'late.mjs': 'import { a } from "./early.mjs"; export const b = a',
    'self.mjs':
      'import * as me from "./self.mjs"; export const keys = () => Object.keys(me); export let x = 1',
  });
  t.equal(await sandbox.value('(await import("./even.mjs")).even(10)'), true);
  t.match(await sandbox.value('await import("./early.mjs")'), { name: 'ReferenceError' });
  t.strictSame(await sandbox.value('(await import("./self.mjs")).keys()'), ['keys', 'x']);
});

t.test('a file that runs can be imported by what it imports', async (t) => {
  const { sandbox } = await open({
    'main.mjs': 'import { run } from "./part.mjs"; export const name = "main"; export const out = run()',
    'part.mjs': 'import { name } from "./main.mjs"; export const run = () => "part of " + name',
  });
  const code = 'import { run } from "./part.mjs"; export const name = "main"; export const out = run()';
  const { report } = await sandbox.run(code, module('main.mjs'));
  t.match(report.result?.preview, /part of main/);
});

t.test('import.meta.url is the filename, and leaves every column where it is', async (t) => {
  const { sandbox } = await open({
    'dir/meta.mjs':
      'export const u = import.meta.url; export const f = () => import . /* x */\nmeta; export const same = f() === import.meta; export const x = () => missing',
    'plain.mjs':
      'const import_0000 = 5; export const v = [import_0000, import.meta.url, typeof import.meta.other]',
  });
  t.strictSame(await sandbox.value('const m = await import("./dir/meta.mjs"); [m.u, m.f().url, m.same]'), [
    'dir/meta.mjs',
    'dir/meta.mjs',
    true,
  ]);
  t.match((await sandbox.run('m.x()')).report.error?.stack, /at x \(dir\/meta\.mjs:2:71\)/);
  t.strictSame(await sandbox.value('(await import("./plain.mjs")).v'), [5, 'plain.mjs', 'undefined']);
  const { report } = await sandbox.run('export const url = import.meta.url', module('src/main.mjs'));
  t.match(report.result?.preview, /src\/main\.mjs/);
});

t.test('JSON is a default export, with an attribute or without', async (t) => {
  const { sandbox } = await open({
    'x.json': '{"a": [1, 2], "__proto__": {"b": 3}}',
    'bad.json': '{"a": }',
    'm.mjs':
      'import data from "./x.json" with { type: "json" }; import again from "./x.json"; export default [data, data === again]',
  });
  t.strictSame(
    await sandbox.value(
      'const [data, same] = (await import("./m.mjs")).default; [data.a, same, Object.getPrototypeOf(data) === Object.prototype, Object.keys(data)]',
    ),
    [[1, 2], true, true, ['a', '__proto__']],
  );
  t.strictSame(
    await sandbox.value('(await import("./x.json", { with: { type: "json" } })).default.a'),
    [1, 2],
  );
  t.equal(await sandbox.value('require("./x.json") === (await import("./x.json")).default'), true);
  t.match(await sandbox.value('await import("./bad.json")'), {
    name: 'SyntaxError',
    message: /^bad\.json: /,
  });
});

t.test('CommonJS has its exports as default and by name', async (t) => {
  const { sandbox } = await open({
    'named.js': {
      code: 'exports.a = 1; exports.b = () => "b"; exports["not a name"] = 2',
      exports: ['a', 'b', 'absent', 'default', 'not a name'],
    },
    'unknown.js': 'module.exports = Object.assign(() => "called", { x: 1, delete: 2 })',
    'order.mjs': 'import "./first.mjs"; import c from "./second.cjs"; export default [...log, c]',
    'first.mjs': 'globalThis.log = ["first"]',
    'second.cjs': { code: 'log.push("second"); module.exports = "c"', exports: [] },
  });
  t.strictSame(
    await sandbox.value('const n = await import("./named.js"); [Object.keys(n), n.a, n.default.a, n.b()]'),
    [['a', 'absent', 'b', 'default'], 1, 1, 'b'],
  );
  t.strictSame(
    await sandbox.value('const u = await import("./unknown.js"); [Object.keys(u), u.default(), u.x]'),
    [['default', 'delete', 'x'], 'called', 1],
  );
  t.equal(await sandbox.value('require("./unknown.js") === u.default'), true);
  t.strictSame(await sandbox.value('(await import("./order.mjs")).default'), ['first', 'second', 'c']);
});

t.test('what the host throws reaches the script as it is', async (t) => {
  const { sandbox } = await open({
    'a.mjs': 'import "./b.mjs"',
    'b.mjs': 'import { x } from "nowhere"',
    'gone.mjs': 'import "./x.mjs"',
  });
  const told = { name: 'Error', message: 'cannot find module "nowhere"' };
  for (const code of ['await import("nowhere")', 'await import("./a.mjs")', 'require("nowhere")']) {
    t.match((await sandbox.run(code)).report, { status: 'error', state: 'kept', error: told }, code);
    const caught = `try { ${code} } catch (error) { ({ isError: error instanceof Error, code: error.code, keys: Object.keys(error) }) }`;
    t.strictSame(
      await sandbox.value(caught),
      { isError: true, code: 'MODULE_NOT_FOUND', keys: ['code'] },
      code,
    );
  }
  t.match((await sandbox.run('import "nowhere"', module('m.mjs'))).report, { status: 'error', error: told });
  t.equal(await sandbox.value('1 + 1'), 2);
});

t.test('a missing export and a syntax error say where they are, and can be put right', async (t) => {
  const { sandbox, host } = await open({
    'lib.mjs': 'export const here = 1; export * from "./more.mjs"',
    'more.mjs': 'export const more = 2; export default 3',
    'wants.mjs': '\n  import { here, gone } from "./lib.mjs"; export { here, gone }',
    'bad.mjs': 'export const x = 1;\nlet y = ;',
    'ring.mjs': 'import "./ring-2.mjs"; import "./bad.mjs"; export default "ring"',
    'ring-2.mjs': 'import ring from "./ring.mjs"; export const value = () => ring',
    'cjs.mjs': 'import { nothing } from "./c.cjs"',
    'c.cjs': { code: 'exports.x = 1', exports: ['x'] },
  });
  t.match((await sandbox.run('await import("./wants.mjs")')).report.error, {
    name: 'SyntaxError',
    message: 'the module "./lib.mjs" does not export "gone"',
    stack: /wants\.mjs:2:30/,
  });
  t.match(await sandbox.value('await import("./cjs.mjs")'), {
    message: /"\.\/c\.cjs" does not export "nothing"/,
  });
  for (const name of ['./bad.mjs', './ring.mjs', './ring-2.mjs'])
    t.match(
      (await sandbox.run(`await import("${name}")`)).report.error,
      { name: 'SyntaxError', stack: /bad\.mjs:2:9/ },
      name,
    );
  t.match((await sandbox.run('import "./lib.mjs";\nlet y = ;', module('m.mjs'))).report.error, {
    name: 'SyntaxError',
    stack: /m\.mjs:2:9/,
  });
  host.files['lib.mjs'] = 'export const here = 1; export const gone = "back"';
  host.files['bad.mjs'] = 'export const x = 2';
  t.equal(await sandbox.value('(await import("./wants.mjs")).gone'), 'back');
  t.equal(await sandbox.value('(await import("./ring-2.mjs")).value()'), 'ring');
});

t.test('a name that a module of an earlier run does not export can be put right', async (t) => {
  const { sandbox, host } = await open({
    'lib.mjs': 'export * from "./more.mjs"; export const a = 1',
    'more.mjs': 'export const b = 2; export default 0',
    'c.js': { code: 'exports.x = 1', exports: ['x'] },
    'ok.mjs': 'import { a, b } from "./lib.mjs"; import { x } from "./c.js"; export default [a, b, x]',
  });
  t.strictSame(await sandbox.value('(await import("./ok.mjs")).default'), [1, 2, 1]);
  for (const [name, from] of [
    ['nope', './lib.mjs'],
    ['default', './lib.mjs'],
    ['y', './c.js'],
  ] as const) {
    host.files['user.mjs'] = `import { ${name} as it } from "${from}"; export default it`;
    t.match(await sandbox.value('await import("./user.mjs")'), {
      message: `the module "${from}" does not export "${name}"`,
    });
  }
  host.files['user.mjs'] = 'import { b } from "./lib.mjs"; export default b';
  t.equal(await sandbox.value('(await import("./user.mjs")).default'), 2);
});

t.test('a module that throws stays failed, and CommonJS is run again', async (t) => {
  const { sandbox, host } = await open({
    'throws.mjs': 'globalThis.runs = (globalThis.runs ?? 0) + 1; throw new TypeError("no " + runs)',
    'throws.cjs':
      'globalThis.tries = (globalThis.tries ?? 0) + 1; if (tries < 3) throw new TypeError("not yet " + tries); module.exports = "third"',
    'user.mjs': 'import "./throws.mjs"',
  });
  for (const code of [
    'await import("./throws.mjs")',
    'await import("./user.mjs")',
    'await import("./throws.mjs")',
  ])
    t.match(
      await sandbox.value(code),
      { name: 'TypeError', message: 'no 1', stack: /throws\.mjs:1:66/ },
      code,
    );
  t.match(await sandbox.value('require("./throws.cjs")'), { message: 'not yet 1' });
  t.match(await sandbox.value('await import("./throws.cjs")'), { message: 'not yet 2' });
  t.equal(await sandbox.value('(await import("./throws.cjs")).default'), 'third');
  t.equal(host.loads('throws.cjs'), 3);
});

t.test('top-level await works in modules, and a script waits for it', async (t) => {
  const { sandbox } = await open({
    'slow.mjs': 'await new Promise((done) => setTimeout(done, 5)); export const value = "slow"',
    'user.mjs': 'import { value } from "./slow.mjs"; export default value + " used"',
    'never.mjs': 'await new Promise(() => {})',
  });
  t.equal(await sandbox.value('(await import("./user.mjs")).default'), 'slow used');
  t.match(await sandbox.value('await import("./never.mjs")'), { message: /can never settle/ });
});

t.test('without modules everything is refused', async (t) => {
  const sandbox = await TestSandbox.open();
  for (const code of ['await import("x")', 'require("x")'])
    t.match(await sandbox.value(code), {
      name: 'Error',
      message: 'cannot find module "x": there are no modules here',
    });
});

t.test('nobody reaches our own modules', async (t) => {
  const { sandbox } = await open({ 'a.mjs': 'export const x = import.meta.url' });
  await sandbox.run('await import("./a.mjs")');
  for (const name of ['vmsys:prelude:bridge', 'vmsys:prelude:meta:a.mjs', 'vmsys::vmsys:prelude:bridge'])
    t.match(await sandbox.value(`await import("${name}")`), { message: /cannot find module/ }, name);
});
