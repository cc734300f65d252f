// The text that the engine evaluates: declarations become variables of the session, and nothing else changes.
import fc from 'fast-check';
import t from 'tap';
import { prepareRepl, prepareScript } from '#src/runtime/engine/source.js';
import { TestSandbox } from '../../fixtures/sandbox.js';

const untouched = [
  '',
  '1 + 1',
  'x = 5',
  'var a = 1, b',
  'function f() { let inner = 1; const other = 2; class C {} return inner }',
  '{ let nested = 1; const n = 2; class N {} }',
  'for (let i = 0; i < 3; i++) { const j = i; }',
  'if (true) { class Nested {} }',
  '(class Expression {})',
  'const_ = letter = classy = 1',
  '"let x = 1; const y = 2; class Z {}"',
  '`let a = ${1}; class B {}`',
  '/let x|class Y/.test("let x")',
  '// let x = 1\n/* const y = 2; class Z {} */ 3',
  'label: for (;;) { let x = 1; break label }',
  'async function later() { let a = await 1; }',
  'o = { let: 1, const: 2, class: 3 }; o.let + o.const + o.class',
  'x = () => { let a = 1; return a }',
  'switch (1) { case 1: let scoped = 1 }',
  'try { let t = 1 } catch { const c = 1 }',
  'let x = 1; let x = 2',
  'const missing;',
  'let = 5',
  'class {',
];

t.test('code without declarations at the top is passed on as it is', async (t) => {
  for (const code of untouched) {
    const prepared = prepareScript(code);
    t.strictSame({ ...prepared, asynchronous: false }, { code, names: [], resets: [], asynchronous: false });
  }
});

t.test('names are those of every kind of declaration and pattern', async (t) => {
  const cases: [code: string, names: string[], resets: string[]][] = [
    ['let a', ['a'], ['a']],
    ['let a, b = 1, c', ['a', 'b', 'c'], ['a', 'c']],
    ['const a = 1', ['a'], []],
    ['let [a, , b = 2, ...[c, d]] = x', ['a', 'b', 'c', 'd'], []],
    ['const { a, b: { c = 1 }, ["d"]: e, ...f } = x', ['a', 'c', 'e', 'f'], []],
    ['class A {} class B extends A {}', ['A', 'B'], []],
    ['let \\u0061b = 1', ['ab'], []],
    ['let ünïcödé = 1, $ = 2, _ = 3', ['ünïcödé', '$', '_'], []],
    ['1; { let a } const b = 1; function f() { let c }', ['b'], []],
  ];
  for (const [code, names, resets] of cases) {
    t.match(prepareScript(code), { names, resets }, code);
  }
});

/** Pieces of programs, with the word that makes each a declaration. */
const piece = fc.constantFrom(
  'let v0 = 1;',
  'const v1 = [2,\n 3];',
  'let {v2,\n v3 = 4} = {v2: 1}',
  'class C0 { m() {\n return 1 } }',
  'class C1 extends Object { #p = 1; static s = 2 }',
  'f0()',
  'function f1() { let q = 1\n return q }',
  '// let comment\n',
  '/* class\n comment */',
  'if (g) { const h = 1 }',
  '`text ${ 1 }\n let`;',
  'x = y\n',
  ';',
);
const program = fc
  .array(fc.tuple(piece, fc.constantFrom('\n', '\n\n', '\r\n', ' \n', '\u2028')), { maxLength: 8 })
  .map((parts) => {
    const seen = new Set<string>();
    const once = parts.filter(([text]) => !seen.has(text) && seen.add(text));
    return once.map(([text, end]) => text + end).join('');
  });

const lines = (text: string): string[] =>
  text.split(/\r\n|[\n\r\u2028]/).map((line) => line.replace(/\b(?:let|const)\b/g, 'var').replace(/\s/g, ''));

/** Whether `inner` is what is left of `outer` when some characters are taken out. */
function isWithin(inner: string, outer: string): boolean {
  let at = 0;
  for (const char of outer) if (char === inner[at]) at += 1;
  return at === inner.length;
}

t.test('lines never move, and what is prepared has nothing left to prepare', async () => {
  fc.assert(
    fc.property(program, (code) => {
      const { code: prepared } = prepareScript(code);
      const [before, after] = [lines(code), lines(prepared)];
      if (before.length !== after.length) return false;
      if (!before.every((line, index) => isWithin(line, after[index] ?? ''))) return false;
      // Prepared twice: nothing is left to prepare.
      return prepareScript(prepared).names.length === 0;
    }),
    { numRuns: 300 },
  );
});

t.test('what a prepared script does is what the script says', async (t) => {
  const cases: [title: string, code: string, then: string, expected: unknown][] = [
    ['a class comes first', 'class A { v = 1 }', 'new A().v', 1],
    ['a class after a comment', '// c\n/* d */ class A { v = 2 }', 'new A().v', 2],
    ['a class after a hash bang', '#!/usr/bin/env node\nclass A { v = 3 }', 'new A().v', 3],
    ['a class after a statement without a semicolon', 'globalThis.z = 1\nclass A { v = z }', 'new A().v', 1],
    ['a class after a function', 'function f() { return 5 } class A { v = f() }', 'new A().v', 5],
    ['a class after a block', '{ } class A { v = 6 }', 'new A().v', 6],
    [
      'a class after a class',
      'class B {} class A extends B { v = 7 }',
      'new A() instanceof B && new A().v',
      7,
    ],
    ['a class before something in brackets', 'class A { v = 8 }\n[1].length; (2)', 'new A().v', 8],
    ['a class before a template', 'class A { v = 9 }\n`x`.length', 'new A().v', 9],
    ['a class on one line with more', 'var p = 1; class A { v = p + 9 } var q = new A().v', 'q', 10],
    ['a class has its name', 'class A {}', 'A.name', 'A'],
    ['a class after a directive', '"use strict"; class A { v = 11 }', 'new A().v', 11],
    [
      'a directive holds',
      '"use strict"\nclass A {} var s = (function () { return this === undefined })()',
      's',
      true,
    ],
    ['a static block sees the class', 'class A { static v = 1; static { A.v = 12 } }', 'A.v', 12],
    [
      'destructuring',
      'const { a, b: [c, ...d], ...e } = { a: 1, b: [2, 3, 4], f: 5 }',
      '[a, c, d, e]',
      [1, 2, [3, 4], { f: 5 }],
    ],
    ['a function sees a later variable', 'function get() { return later } let later = 13', 'get()', 13],
    ['a closure keeps its variable', 'let n = 0; const inc = () => ++n; inc()', 'inc()', 2],
    ['let without a value is undefined', 'let u', 'u === undefined', true],
    ['let as an object literal key', 'const o = { let: 1, class: 2 }', 'o.let + o.class', 3],
    [
      'the word await in a string',
      'const w = "await"; function hoisted() { return w }',
      'hoisted()',
      'await',
    ],
    ['top-level await', 'const v = await Promise.resolve(14)', 'v', 14],
    ['await in a nested function only', 'const f = async () => await 15; f()', 'await f()', 15],
    ['await in a for loop', 'let sum = 0; for await (const x of [1, Promise.resolve(2)]) sum += x', 'sum', 3],
  ];
  for (const [title, code, then, expected] of cases) {
    const sandbox = await TestSandbox.open();
    const { report } = await sandbox.run(code, { kind: 'script' });
    t.equal(report.status, 'ok', `${title}: ${report.error?.message ?? ''}`);
    t.strictSame(await sandbox.value(then), expected, title);
  }
});

t.test('a name can be declared again in a later call, as anything', async (t) => {
  const sandbox = await TestSandbox.open();
  const kinds = [
    'let x = 1',
    'const x = 1',
    'var x = 1',
    'class x {}',
    'function x() {}',
    'let [x] = [1]',
    'x = 1',
  ];
  for (const before of kinds) {
    for (const after of kinds) {
      t.match((await sandbox.run(before)).report, { status: 'ok' }, before);
      t.match((await sandbox.run(after)).report, { status: 'ok' }, `${before}, then ${after}`);
    }
    t.equal(await sandbox.value('let x = "mine"; x'), 'mine');
  }
});

t.test('let without a value forgets the one before, const and var do not', async (t) => {
  const sandbox = await TestSandbox.open();
  await sandbox.run('let a = 1; var b = 2');
  t.equal(await sandbox.value('let a; typeof a'), 'undefined');
  t.equal(await sandbox.value('var b; b'), 2);
});

t.test('an initialiser that threw leaves the name usable', async (t) => {
  for (const code of [
    'let p = (() => { throw new Error("no") })()',
    'const p = undefined.x',
    'class p extends null.x {}',
    'const { p } = null',
    'let p = await Promise.reject(new Error("no"))',
  ]) {
    const sandbox = await TestSandbox.open();
    t.match((await sandbox.run(code)).report, { status: 'error', state: 'kept' }, code);
    t.equal(await sandbox.value('typeof p'), 'undefined', code);
    t.equal(await sandbox.value('const p = 2; p'), 2, code);
  }
});

t.test('what does not parse is the engine’s own SyntaxError, at the line where it is', async (t) => {
  const sandbox = await TestSandbox.open();
  const { report } = await sandbox.run('let a = 1\nlet b = (\n');
  t.match(report, { status: 'error', error: { name: 'SyntaxError', stack: /user\.js:[23]/ } });
  t.match(await sandbox.value('let a = 1; let a = 2'), { name: 'SyntaxError' });
  t.equal(await sandbox.value('typeof a'), 'undefined', 'nothing of it ran');
});

t.test('stack traces name the line and column of what was written', async (t) => {
  const sandbox = await TestSandbox.open();
  const { report } = await sandbox.run(
    'let a = 1;\nclass A {\n  m() { null.x }\n}\nconst b = 2; new A().m()',
  );
  t.match(report.error?.stack, /at m \(user\.js:3:1[0-9]\)[^]*user\.js:5:2[0-9]/);
  const first = await sandbox.run('let a = null.x');
  t.match(first.report.error?.stack, /user\.js:1:13/);
});

t.test('at a prompt, braces are an object where they can be one', async (t) => {
  const objects = [
    '{ a: 1 }',
    ' {}',
    '{ a: 1, b: { c: [] } } ',
    '{ a: 1 }.a',
    '{\n a: 1\n}\n',
    '{ a: 1 } // x',
    '{ f() {} }',
    '{ ...[] }',
  ];
  const blocks = [
    '{ let a = 1 }',
    '{ a: 1 };',
    '{ f(); g() }',
    '{}\n{}',
    '{ if (x) y }',
    '{ a: 1; b: 2 }',
    '{',
    '{ break }',
    '{}) + (1',
  ];
  for (const code of objects) t.match(prepareRepl(code).code, /^\(/, code);
  for (const code of blocks) t.equal(prepareRepl(code).code.startsWith('('), false, code);
  const sandbox = await TestSandbox.open();
  t.strictSame(await sandbox.value('{ a: 1, b: [2] }'), { a: 1, b: [2] });
  t.equal(await sandbox.value('{ a: 1 }.a'), 1);
  t.strictSame(await sandbox.value('{ a: 1 } // said'), { a: 1 });
  t.equal(await sandbox.value('{ let a = 1; a + 1 }'), 2);
  t.equal(prepareScript('{ a: 1 }').code, '{ a: 1 }', 'a file is no prompt');
});

t.test('the word await alone makes a script asynchronous', async (t) => {
  for (const code of ['await x', 'async () => { await 1 }', 'for await (const a of b);', '"await"']) {
    t.equal(prepareScript(code).asynchronous, true, code);
  }
  for (const code of ['awaited', 'x.await_', 'promise.then()', 'async () => 1']) {
    t.equal(prepareScript(code).asynchronous, false, code);
  }
});
