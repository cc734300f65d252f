// Libraries: evaluated once before a session's first run, the same object as a global, by `import` and by `require`.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { defaultLimits } from '#src/records/index.js';
import { describeFailure } from '#src/runtime/engine/library-loading.js';
import type { LibraryCode } from '#src/runtime/engine/module-host.js';
import { MemoryHost } from '../../../fixtures/module-host.js';
import { TestSandbox } from '../../../fixtures/sandbox.js';

const script = (name: string, code: string, global?: string): LibraryCode => ({
  id: `${name}@1.0.0`,
  name,
  global,
  format: 'script',
  code,
});
const esModule = (name: string, code: string, global?: string): LibraryCode => ({
  ...script(name, code, global),
  format: 'module',
});

async function load(libraries: LibraryCode[], host = new MemoryHost({})) {
  const sandbox = await TestSandbox.open(64, undefined, host);
  return { sandbox, host, report: await sandbox.sandbox.load(libraries, defaultLimits) };
}

/** Whether the three ways to a library lead to one value. */
const isOne = (name: string, global: string) =>
  `const imported = await import("${name}"); [require("${name}") === ${global}, (imported.default ?? imported) === ${global}] + ""`;

t.test('a script may export, set its global, or declare it', async (t) => {
  const { sandbox, host, report } = await load([
    script('commonjs', 'module.exports = { a: 1, b() { return this.a } }', 'one'),
    script('filled', 'exports.x = 1; exports.y = 2', 'two'),
    script(
      'sets',
      '(function () { var root = typeof window === "undefined" ? globalThis : window; root.three = { v: 3 } })()',
      'three',
    ),
    script('declares', 'var four = function () { return 4 }; four.more = 5', 'four'),
    script(
      'umd',
      '(function (root, make) { typeof exports === "object" ? module.exports = make() : root.five = make() })(this, () => ({ five: 5 }))',
      'five',
    ),
    script('unnamed', 'module.exports = () => 6'),
    script('none', 'globalThis.sideEffect = true', 'seven'),
  ]);
  t.match(report, {
    loaded: [
      { id: 'commonjs@1.0.0', exports: ['a', 'b'] },
      { exports: ['x', 'y'] },
      { exports: ['v'] },
      { exports: ['more'] },
      { exports: ['five'] },
      { exports: [] },
      { exports: [] },
    ],
  });
  for (const [name, global] of [
    ['commonjs', 'one'],
    ['filled', 'two'],
    ['sets', 'three'],
    ['declares', 'four'],
    ['umd', 'five'],
    ['none', 'seven'],
  ] as const)
    t.equal(await sandbox.value(isOne(name, global)), 'true,true', name);
  t.strictSame(
    await sandbox.value(
      '[one.b(), two.y, three.v, four(), four.more, five.five, require("unnamed")(), sideEffect]',
    ),
    [1, 2, 3, 4, 5, 5, 6, true],
  );
  t.strictSame(await sandbox.value('const { x, y } = await import("filled"); [x, y]'), [1, 2]);
  t.equal(await sandbox.value('const one = 1; one'), 1, 'its global is a variable like any other');
  t.strictSame(host.asked, [], 'the host is not asked for what is loaded');
});

t.test('an ES module is its default export where the others hang on it, else all of them', async (t) => {
  const { sandbox, report } = await load([
    esModule('only', 'export default function only() { return "only" }', 'only'),
    esModule(
      'carries',
      'const main = () => 1; main.a = 1; export const a = 1; export default main',
      'carries',
    ),
    esModule('apart', 'export const a = 1; export default { b: 2 }', 'apart'),
    esModule('named', 'export const a = 1, b = 2', 'named'),
    esModule('number', 'export default 5', 'number'),
    // What esbuild makes of an ES module.
    script(
      'turned',
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = () => "turned"; exports.extra = 1',
      'turned',
    ),
    script('turned-only', 'exports.__esModule = true; exports.default = () => "only"', 'turnedOnly'),
  ]);
  t.match(report, {
    loaded: [
      { exports: [] },
      { exports: ['a'] },
      { exports: ['a'] },
      { exports: ['a', 'b'] },
      { exports: [] },
      { exports: ['extra'] },
      {},
    ],
  });
  t.strictSame(
    await sandbox.value(
      '[only(), carries(), carries.a, apart.a, apart.default.b, named.b, number, turned.default(), turned.extra, turnedOnly()]',
    ),
    ['only', 1, 1, 1, 2, 2, 5, 'turned', 1, 'only'],
  );
  for (const name of ['only', 'carries', 'named', 'number'])
    t.equal(await sandbox.value(isOne(name, name)), 'true,true', name);
  for (const name of ['apart', 'turned', 'turned-only'])
    t.equal(
      await sandbox.value(`require("${name}") === ${name === 'turned-only' ? 'turnedOnly' : name}`),
      true,
      name,
    );
  t.equal(await sandbox.value('(await import("apart")) === apart'), true);
  t.strictSame(
    await sandbox.value('const t = await import("turned"); [t.default(), t.extra]'),
    ['turned', 1],
    'import gives each under its own name',
  );
});

t.test('libraries use one another, in the order they are loaded in', async (t) => {
  const { sandbox, host, report } = await load([
    script('first', 'module.exports = { n: 1 }'),
    script(
      'second',
      'const first = require("first"); let missing; try { require("missing") } catch (error) { missing = error.code } module.exports = { first, missing }',
    ),
    esModule(
      'third',
      'import first, { n } from "first"; import * as second from "second"; export default [first, n, second.first]',
    ),
  ]);
  t.match(report, { loaded: { length: 3 } });
  t.strictSame(
    await sandbox.value(
      'const [a, n, b] = require("third"); [a === require("first"), n, a === b, require("second").missing]',
    ),
    [true, 1, true, 'MODULE_NOT_FOUND'],
  );
  t.strictSame(host.asked, ['resolve missing from second@1.0.0 by require']);
});

t.test('the first that fails is named with message and line, and none is left', async (t) => {
  const cases: [LibraryCode, RegExp][] = [
    [script('throws', '\n\n  missing()'), /^ReferenceError: 'missing' is not defined \(line 3, column 3\)$/],
    [script('first-line', 'missing()'), /\(line 1, column 1\)$/],
    [script('syntax', 'let a;\nlet b = ;'), /^SyntaxError: .* \(line 2, column 9\)$/],
    [esModule('es-syntax', 'let a;\nlet b = ;'), /^SyntaxError: .* \(line 2, column 9\)$/],
    [esModule('es-throws', '\nexport default null.x'), /^TypeError: .* \(line 2, /],
    [esModule('es-missing', 'import "fs"'), /^Error: cannot find module "fs"/],
    [script('needs', 'require("fs")'), /^Error: cannot find module "fs" \(line 1, column 8\)/],
    [script('loops', 'for (;;);'), /^TimeoutError: CPU time limit of 100 ms exceeded/],
    [
      script('greedy', 'globalThis.all = []; for (;;) all.push(new Uint8Array(1 << 20))'),
      /^LimitError: memory limit/,
    ],
    [esModule('waits', 'await new Promise(() => {})'), /can never settle/],
    [script('no-error', 'throw "text"'), /text/],
  ];
  const limits = { ...defaultLimits, cpuMs: 100, memMb: 64 };
  for (const [library, message] of cases) {
    const sandbox = await TestSandbox.open(64, undefined, new MemoryHost({}));
    const report = await sandbox.sandbox.load(
      [script('good', 'module.exports = 1', 'good'), library],
      limits,
    );
    if (!('error' in report)) return t.fail(`${library.name} was loaded`);
    t.equal(report.id, library.id);
    t.match(describeFailure(report.id, report.error), message, library.name);
    t.strictSame(
      await sandbox.value('[typeof good, typeof all]'),
      ['undefined', 'undefined'],
      `${library.name}: nothing is left`,
    );
    t.match(await sandbox.value('require("good")'), { message: /cannot find/ });
  }
});

t.test('errors in a library name it', async (t) => {
  const { sandbox } = await load([script('lib', 'exports.f = () => missing', 'lib')]);
  const { report } = await sandbox.run('lib.f()');
  t.equal(
    report.error?.stack,
    "ReferenceError: 'missing' is not defined\n    at lib@1.0.0:1:19\n    at user.js:1:6",
  );
});

t.test('a library may await, and what it leaves to do is done', async (t) => {
  const { sandbox } = await load([
    esModule(
      'awaits',
      'export const value = await new Promise((done) => setTimeout(done, 2, "later"))',
      'awaits',
    ),
    script('promises', 'Promise.resolve().then(() => { exports.done = true })', 'promises'),
  ]);
  t.strictSame(await sandbox.value('[awaits.value, promises.done]'), ['later', true]);
});

t.test('libraries that people use do their work', async (t) => {
  const real = (name: string, file: string, global: string): LibraryCode => ({
    ...script(
      name,
      readFileSync(new URL(`../../../../node_modules/${name}/${file}`, import.meta.url), 'utf8'),
      global,
    ),
  });
  const { sandbox, report } = await load([
    real('lodash', 'lodash.min.js', '_'),
    real('moment', 'min/moment.min.js', 'moment'),
    real('dayjs', 'dayjs.min.js', 'dayjs'),
    real('ramda', 'dist/ramda.min.js', 'R'),
  ]);
  t.match(report, { loaded: { length: 4 } });
  t.strictSame(
    await sandbox.value(
      'import { chunk } from "lodash"; import dayjs2 from "dayjs"; [chunk([1, 2, 3], 2), _.VERSION, moment.utc(0).format("YYYY"), dayjs2(0).year(), R.sum([1, 2])]',
    ),
    [[[1, 2], [3]], '4.17.21', '1970', 1970, 3],
  );
});
