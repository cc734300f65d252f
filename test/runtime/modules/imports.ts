// Scripts that import files of their worktree, end to end: in calls, in files that are run, and in startup files.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { refuseExports, refuseModuleSyntax } from '#src/runtime/modules/commonjs.js';
import type { PolicyInput } from '#src/records/index.js';
import { TestLibraries } from '../../fixtures/library-source.js';
import { makeWorktree } from '../../fixtures/modules.js';
import { openTestRuntime, printed } from '../../fixtures/runtime.js';

async function open(t: Test, files: Record<string, string>, policy: PolicyInput = {}) {
  const worktree = makeWorktree(t, files);
  const libraries = new TestLibraries({
    'lib@1.0.0': { code: 'module.exports = { from: "library" }', global: 'lib' },
  });
  const runtime = await openTestRuntime(t, { libraries });
  runtime.templates.create({ name: 'x', ...policy });
  const session = await runtime.sessions.create({ template: 'x', worktree });
  return {
    runtime,
    worktree,
    session,
    value: (code: string) => runtime.value(session, code),
    fails: async (code: string) => (await runtime.run(session, code)).error,
    runFile: (path: string) => runtime.executions.runFile({ session: session.id, path }),
  };
}

t.test('CommonJS files require each other, in circles too', async (t) => {
  const { value, runFile } = await open(t, {
    'main.js': 'const { even } = require("./even"); console.log(even(10), even(7))',
    'even.js': 'exports.even = (n) => n === 0 || odd(n - 1); const { odd } = require("./odd");',
    'odd.js': 'const e = require("./even"); exports.odd = (n) => n !== 0 && e.even(n - 1)',
    'whole.js': 'module.exports = class Whole {}; module.exports.at = [__filename, __dirname]',
    'sub/index.js': 'exports.data = require("../data.json"); exports.data.seen = true',
    'data.json': '{"a":[1]}',
  });
  const run = await runFile('main.js');
  t.strictSame(printed(run), ['true false']);
  t.equal(await value('require("./whole").name'), 'Whole');
  t.strictSame(await value('require("./sub").data'), { a: [1], seen: true });
  t.equal(await value('require("./data.json").seen'), true, 'one object for all');
  t.equal(
    await value('require("./whole") === require("./sub/../whole.js")'),
    true,
    'one module by two paths',
  );
});

t.test('ES modules import each other, in circles too, and CommonJS and JSON', async (t) => {
  const { value, runFile } = await open(t, {
    'main.mjs': `
      import whole, { a, b } from './plain.js';
      import { even } from './even.mjs';
      import data from './data.json';
      import * as star from './star.mjs';
      const { odd } = await import('./odd.mjs');
      export default [a, b, whole.a, even(10), odd(10), data.x, star.a, star.own];
    `,
    'plain.js': 'exports.a = 1; exports.b = 2',
    'even.mjs': 'import { odd } from "./odd.mjs"; export const even = (n) => n === 0 || odd(n - 1)',
    'odd.mjs': 'import { even } from "./even.mjs"; export const odd = (n) => n !== 0 && even(n - 1)',
    'star.mjs': 'export * from "./plain.js"; export const own = 3',
    'data.json': '{"x":5}',
  });
  const run = await runFile('main.mjs');
  t.match(run, { status: 'ok' });
  t.strictSame(await value('(await import("./main.mjs")).default'), [1, 2, 1, true, false, 5, 1, 3]);
});

t.test('with runtime.esm all .js and .ts files are ES modules', async (t) => {
  const { runFile, value } = await open(
    t,
    {
      'main.js': 'import { n } from "./typed.ts"; console.log(n, typeof require)',
      'typed.ts': 'export const n: number = 4;',
    },
    { runtime: { esm: true } },
  );
  const run = await runFile('main.js');
  t.match(printed(run)[0] ?? '', /^4 /);
  t.equal(await value('(await import("./typed")).n'), 4);
});

t.test('a module is evaluated once in a session, in whatever call', async (t) => {
  const { value, runtime, session, worktree } = await open(t, {
    'n.js': 'exports.n = 1; globalThis.runs = (globalThis.runs ?? 0) + 1',
  });
  await value('require("./n").n = 2');
  writeFileSync(join(worktree, 'n.js'), 'exports.n = 100');
  t.equal(await value('require("./n").n'), 2);
  await runtime.sessions.hibernate(session.id);
  rmSync(join(worktree, 'n.js'));
  writeFileSync(join(worktree, 'n.js'), 'exports.n = 100');
  t.strictSame(await value('[require("./n").n, (await import("./n.js")).default.n, runs]'), [2, 2, 1]);
  const fork = await runtime.states.fork(session.id);
  t.equal(await runtime.value(fork, 'require("./n").n'), 2);
});

t.test('a file that failed can be put right and required again', async (t) => {
  const { value, fails, worktree } = await open(t, { 'n.js': '\n  nothing.at.all', 'm.js': 'let = = 1' });
  t.match(await fails('require("./n")'), { name: 'ReferenceError', stack: /n\.js:2:/ });
  t.match(await fails('require("./m")'), { name: 'SyntaxError', stack: /m\.js:1:/ });
  writeFileSync(join(worktree, 'n.js'), 'exports.n = 1');
  t.equal(await value('require("./n").n'), 1);
});

t.test('roots, absolute imports and libraries, in their order', async (t) => {
  const { value, fails } = await open(
    t,
    { 'src/lib.js': 'exports.from = "root"', 'src/tool.js': 'exports.from = "tool"' },
    { libraries: ['lib'], resolver: { roots: ['src'], allowAbsoluteRepoImports: true } },
  );
  t.equal(await value('require("lib").from'), 'library');
  t.equal(await value('require("tool").from'), 'tool');
  t.equal(await value('require("/src/lib.js").from'), 'root');
  t.equal(await value('(await import("/src/tool")).from'), 'tool');
  t.match(await fails('require("/etc/passwd")'), { message: /cannot find module/ });
});

t.test('what is not there or not allowed is an error that the script can catch', async (t) => {
  const { value, fails, worktree } = await open(t, { 'x.css': 'a {}' });
  symlinkSync(join(dirname(worktree), 'outside/secret.js'), join(worktree, 'out.js'));
  const codes = `[ './none', 'none', 'fs', '../outside/secret.js', './out.js', '/a.js', './x.css' ]`;
  const expected = [
    'MODULE_NOT_FOUND',
    'MODULE_NOT_FOUND',
    'MODULE_NOT_ALLOWED',
    'INVALID_PATH',
    'INVALID_PATH',
    'INVALID_PATH',
    'INVALID_PATH',
  ];
  t.strictSame(
    await value(`${codes}.map((name) => { try { require(name) } catch (error) { return error.code } })`),
    expected,
  );
  t.strictSame(
    await value(
      `(async () => { const all = []; for (const name of ${codes}) await import(name).catch((error) => all.push(error.code)); return all })()`,
    ),
    expected,
  );
  t.match(await fails('require("none")'), {
    name: 'Error',
    message: /vmsys lib add none && vmsys template add-library x none/,
  });
});

t.test('a link that is swapped while it is imported never shows what lies outside', async (t) => {
  const { worktree, runtime, session } = await open(t, { 'in.js': 'exports.secret = "none"' });
  const seen = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const link = join(worktree, 'next');
    symlinkSync(round % 2 === 0 ? '../outside/secret.js' : 'in.js', link);
    renameSync(link, join(worktree, 'swapped.js'));
    const { result, error } = await runtime.run(
      session,
      `try { String(require('./swapped.js').secret) } catch (error) { error.code }`,
    );
    seen.add(typeof result?.json === 'string' ? result.json : `failed: ${error?.message}`);
  }
  t.strictSame([...seen].toSorted(), ['INVALID_PATH', 'none']);
});

t.test(
  'TypeScript files are run, started and imported, and their stacks are those of the source',
  async (t) => {
    const typed = [
      'interface Point { x: number; y: number }',
      'import type { Unused } from "./nothing.ts";',
      'export type Reader = (from: Point) => number;',
    ];
    const { runFile, value, fails, runtime, worktree } = await open(
      t,
      {
        'run.ts':
          'const of = <T>(x: T): T => x;\n\ntype A = { a: 1 };\nfunction fail(why: string): never { throw new Error(why) }\nfail("here" as string);',
        'mod.mts': `${typed.join('\n')}\nexport const read: Reader = ({ x }: Point): number => x!;\nexport const late = (x: any) => x.at.all;`,
        'common.ts': 'const n: number = 5;\nexports.n = n satisfies number;',
        'enum.ts': 'const a = 1;\n  enum Color { Red }',
        'broken.ts': 'let a: = 1',
        'start.ts': 'var started: string = "ts"',
        'uses-enum.mjs': 'import "./enum.ts"',
      },
      { resolver: { extensions: ['.js', '.mjs', '.ts', '.mts'] } },
    );
    const run = await runFile('run.ts');
    t.match(run, { status: 'error', error: { name: 'Error', message: 'here' } });
    t.match(run.error?.stack, /at fail \(run\.ts:4:\d+\)\n.*run\.ts:5:/s);
    t.equal((await runFile('mod.mts')).status, 'ok');
    t.equal(await value('(await import("./mod.mts")).read({ x: 3, y: 4 })'), 3);
    t.match(await fails('(await import("./mod.mts")).late({})'), { stack: /mod\.mts:5:/ });
    t.equal(await value('require("./common").n'), 5);
    const enumeration = await runFile('enum.ts');
    t.match(enumeration, {
      status: 'error',
      error: { name: 'SyntaxError', message: /TypeScript enum is not supported/, stack: /enum\.ts:2:3/ },
    });
    t.match(await runFile('broken.ts'), {
      status: 'error',
      error: { name: 'SyntaxError', message: /^broken\.ts:1:8: / },
    });
    t.match(await fails('require("./enum.ts")'), {
      name: 'SyntaxError',
      message: /enum\.ts:2:3: TypeScript enum/,
    });
    t.match((await runFile('uses-enum.mjs')).error, { name: 'SyntaxError', message: /enum\.ts:2:3/ });
    runtime.templates.create({ name: 'ts', startup: ['start.ts'] });
    const session = await runtime.sessions.create({ template: 'ts', worktree });
    t.equal(await runtime.value(session, 'started'), 'ts');
    runtime.templates.create({ name: 'bad', startup: ['enum.ts'] });
    await t.rejects(runtime.sessions.create({ template: 'bad', worktree }), {
      code: 'STARTUP_FAILED',
      message: /SyntaxError: enum\.ts:2:3: TypeScript enum/,
    });
  },
);

t.test('a script that is written as an ES module says how it becomes one', async (t) => {
  const { runFile, fails } = await open(t, {
    'run.js': 'var a = 1\nexport default a',
    'needed.js': 'export const a = 1',
  });
  t.match(await runFile('run.js'), {
    status: 'error',
    error: { name: 'SyntaxError', message: /end its name in \.mjs.*--runtime\.esm/, stack: /run\.js:2:1/ },
  });
  t.match(await fails('require("./needed")'), {
    name: 'SyntaxError',
    message: /^needed\.js:1:1: .*vmsys template update x --runtime\.esm/,
  });
});

t.test('startup files import, for each session what is there then', async (t) => {
  const { runtime, worktree } = await open(t, {
    'start.js': 'var kept = require("./sub/state")',
    'sub/state.js': 'let n = 0; exports.next = () => ++n; exports.id = Date.now() + ":" + Math.random()',
  });
  runtime.templates.create({ name: 'start', startup: ['start.js'] });
  const make = () => runtime.sessions.create({ template: 'start', worktree });
  const [first, second] = [await make(), await make()];
  t.equal(await runtime.value(first, 'kept === require("./sub/state") && kept.next()'), 1);
  t.not(await runtime.value(first, 'kept.id'), await runtime.value(second, 'kept.id'));
});

t.test('strict mode reaches what is required and imported', async (t) => {
  const { runtime, worktree } = await open(t, {
    'a.js': 'exports.strict = (function () { return this === undefined })()',
  });
  for (const strict of [true, false]) {
    runtime.templates.create({ name: `strict-${strict}`, runtime: { strict } });
    const session = await runtime.sessions.create({ template: `strict-${strict}`, worktree });
    t.equal(await runtime.value(session, 'require("./a.js").strict'), strict, 'required');
    const other = await runtime.sessions.create({ template: `strict-${strict}`, worktree });
    t.equal(await runtime.value(other, '(await import("./a.js")).strict'), strict, 'imported');
  }
});

t.test('a hundred thousand empty lines are looked through once', async (t) => {
  const startedAt = process.cpuUsage();
  for (const end of ['\n', '\r\n', '\r', '\u2028']) {
    const code = `${end.repeat(100_000)}exports.a = 1`;
    refuseModuleSyntax(code, 'a.js', 'x');
    refuseExports(code, 'a.js');
  }
  t.ok(process.cpuUsage(startedAt).user < 1e6, 'CPU time, microseconds');
});

t.test('no worktree, no files', async (t) => {
  const { runtime } = await open(t, {});
  const session = await runtime.sessions.create({ template: 'x' });
  t.match(await runtime.run(session, 'require("./a.js")'), {
    error: { message: /the session has no worktree/ },
  });
});

t.test('a file that is enormous, or no file, is refused within the limits', async (t) => {
  const { fails, worktree, value } = await open(t, { 'deep/a.js': '1' });
  mkdirSync(join(worktree, 'folder.js'));
  writeFileSync(join(worktree, 'huge.json'), Buffer.alloc(17 * 1024 * 1024, 0x20));
  t.match(await fails('require("./huge.json")'), { message: /expected at most/ });
  t.match(await fails('require("./folder.js")'), { message: /cannot find module/ });
  t.equal(await value('1'), 1);
});
