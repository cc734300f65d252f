// TypeScript without its types: every line and column where it was, and a clear word about what is no type.
import t from 'tap';
import { prepareRun } from '#src/runtime/modules/prepare-run.js';
import { stripTypes } from '#src/runtime/modules/typescript.js';
import { defaultLimits } from '#src/records/index.js';
import type { RunRequest } from '#src/runtime/engine/request.js';

t.test('types become blanks', async (t) => {
  const typed = [
    'interface A { x: number }',
    'const f = <T,>(x: T, y?: string): x is NonNullable<T> => (x as unknown) !== y!;',
    'import type { B } from "./b.ts"; import { c, type D } from "./c.ts";',
    'class E<T> extends F<T> implements G { declare z: number; static #p?: string = "é😀"; }',
  ].join('\n');
  const stripped = stripTypes(typed, 'x.ts');
  t.equal(stripped.length, typed.length);
  t.equal(stripped.split('\n').length, typed.split('\n').length);
  for (const word of ['const f', '!==', 'import { c', '#p', '"é😀"'])
    t.equal(stripped.indexOf(word), typed.indexOf(word), word);
  for (const word of ['interface', 'unknown', 'import type', 'implements']) t.notMatch(stripped, word);
});

t.test('what is more than a type is refused by its name, its line and column', async (t) => {
  const refused: [code: string, message: RegExp][] = [
    ['\n  enum A { B }', /^x\.ts:2:3: TypeScript enum is not supported: types are taken out/],
    ['namespace N { export const a = 1 }', /^x\.ts:1:1: TypeScript namespace/],
    ['class C { constructor(private x: number) {} }', /^x\.ts:1:\d+: TypeScript parameter property/],
    ['import a = require("a")', /TypeScript import equals/],
    ['export = 1', /TypeScript export assignment/],
    ['let a: = 1', /^x\.ts:1:8: Unexpected token/],
  ];
  for (const [code, message] of refused)
    t.throws(() => stripTypes(code, 'x.ts'), { name: 'SyntaxError', message }, code);
});

t.test('a source that overflows the parser is refused, and the next one is not', async (t) => {
  t.throws(() => stripTypes('['.repeat(1e6), 'deep.ts'), { name: 'SyntaxError', message: /^deep\.ts:1:1: / });
  t.equal(stripTypes('let a: 1', 'x.ts'), 'let a   ');
});

const request = (change: Partial<RunRequest>): RunRequest => ({
  kind: 'script',
  code: '',
  filename: 'x.ts',
  args: [],
  env: {},
  strict: false,
  limits: defaultLimits,
  until: 'value',
  rollbackOnFailure: false,
  ...change,
});

t.test('a run of a file is made ready, one of typed code is not touched', async (t) => {
  t.equal(prepareRun(request({ code: 'let a: 1' })).code, 'let a   ');
  t.equal(prepareRun(request({ code: 'let a: 1', filename: 'x.mts', kind: 'module' })).code, 'let a   ');
  for (const kind of ['repl', 'timer'] as const) {
    const given = request({ code: 'let a: 1', kind });
    t.equal(prepareRun(given), given, kind);
  }
  t.equal(prepareRun(request({ code: 'let a: 1', filename: 'x.js' })).code, 'let a: 1');
});

t.test('what is wrong with it is thrown by the run itself, from its place', async (t) => {
  const thrown = (code: string, filename = 'x.ts') => prepareRun(request({ code, filename })).code;
  t.match(
    thrown('\n\n  enum A {}'),
    /^\nthrow SyntaxError\n {2}\("x\.ts:3:3: TypeScript enum is not supported/,
  );
  t.match(thrown('var a;                enum A {}'), /^throw SyntaxError {5}\("x\.ts:1:23: /);
  t.match(thrown('enum A {}'), /^throw SyntaxError\("x\.ts:1:1: /, 'as near as it can be');
  t.match(thrown('1\nexport default 1', 'x.js'), /^throw SyntaxError\n\("x\.js:2:1: .*end its name in \.mjs/);
  for (const fine of ['import a from "./a.js"; a', '`\nexport default 1`', 'export = = 1'])
    t.equal(prepareRun(request({ code: fine, filename: 'x.js' })).code, fine, fine);
  t.equal(prepareRun(request({ code: 'export {}', filename: 'x.js', kind: 'module' })).code, 'export {}');
});
