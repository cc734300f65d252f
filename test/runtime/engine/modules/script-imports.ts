// `import` declarations in scripts and at a prompt: variables of the session, on the lines where they were.
import t from 'tap';
import { prepareScript } from '#src/runtime/engine/source.js';
import { MemoryHost } from '../../../fixtures/module-host.js';
import { TestSandbox } from '../../../fixtures/sandbox.js';

const open = (): Promise<TestSandbox> =>
  TestSandbox.open(
    64,
    undefined,
    new MemoryHost({
      'm.mjs':
        'export const a = 1; export const b = 2; export default "main"; export let u; export { a as "a name" }',
      'dir/m.mjs': 'export default "of dir"',
      'j.json': '{ "x": 1 }',
      'effect.mjs': 'globalThis.effect = (globalThis.effect ?? 0) + 1',
    }),
  );

t.test('every form of import makes variables that stay', async (t) => {
  const sandbox = await open();
  const cases: [code: string, then: string, value: unknown][] = [
    ['import m from "./m.mjs"', 'm', 'main'],
    ["import { a } from './m.mjs';", 'a', 1],
    ['import { a as one, b as two, } from "./m.mjs"', '[one, two]', [1, 2]],
    ['import * as ns from "./m.mjs"', 'Object.keys(ns).length', 5],
    ['import def, * as all from "./m.mjs"', '[def, all.a]', ['main', 1]],
    ['import def2, { b } from "./m.mjs"', '[def2, b]', ['main', 2]],
    [
      'import { default as def3, u, "a name" as named } from "./m.mjs"',
      '[def3, typeof u, named]',
      ['main', 'undefined', 1],
    ],
    ['import {} from "./m.mjs"', '1', 1],
    ['import data from "./j.json" with { type: "json" }', 'data.x', 1],
    ['import "./effect.mjs"', 'effect', 1],
    [
      'import def4 from "./m.mjs"; import "./effect.mjs"; let def5 = def4 + def4',
      '[def5, effect]',
      ['mainmain', 1],
    ],
    ['import vmsysModule from "./m.mjs"', 'vmsysModule', 'main'],
    ['import def6 from "./m.mjs"\n(() => { globalThis.called = def6 })()', 'called', 'main'],
    ['import "./effect.mjs"\n[1].map((x) => globalThis.called = x)', 'called', 1],
  ];
  for (const [code, then, value] of cases) {
    t.equal((await sandbox.run(code)).report.status, 'ok', code);
    t.strictSame(await sandbox.value(then), value, code);
  }
  t.match((await sandbox.run('import x from "./m.mjs"')).report.result, { type: 'undefined' });
  t.equal(await sandbox.value('import y from "./m.mjs"; y + 1'), 'main1');
  t.equal(
    await sandbox.value('import z from "./m.mjs"; z', { kind: 'script', filename: 'dir/script.js' }),
    'of dir',
  );
  t.equal(await sandbox.value('import z from "./m.mjs"; z', { strict: true }), 'main');
});

t.test('lines stay, and what is missing is said', async (t) => {
  const sandbox = await open();
  const { report } = await sandbox.run('import {\n  a,\n  b,\n} from "./m.mjs"\n\n  missing()');
  t.match(report.error?.stack, /at user\.js:6:3/);
  t.match(await sandbox.value('import { nope } from "./m.mjs"'), {
    name: 'SyntaxError',
    message: 'the module "./m.mjs" does not export "nope"',
  });
  t.match(await sandbox.value('import "./nothing.mjs"'), {
    name: 'Error',
    message: 'cannot find module "./nothing.mjs"',
  });
  t.match(await sandbox.value('export const x = 1'), { name: 'SyntaxError' });
  t.match(await sandbox.value('if (true) { import "./m.mjs" }'), { name: 'SyntaxError' });
  t.match(await sandbox.value('import.meta.url'), { name: 'SyntaxError' });
  t.equal(await sandbox.value('"import x from \'y\'"'), "import x from 'y'");
  t.equal(await sandbox.value('typeof import("./m.mjs")'), 'object');
});

t.test('without an import nothing becomes asynchronous', async (t) => {
  t.equal(prepareScript('const x = "import"').asynchronous, false);
  t.equal(prepareScript('import("x")').asynchronous, false);
  t.equal(prepareScript('import "x"').asynchronous, true);
});
