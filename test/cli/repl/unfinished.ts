// Which code lacks its end.
import t from 'tap';
import { unfinished } from '#src/cli/repl/unfinished.js';

t.test('code that further lines could complete is unfinished', async (t) => {
  for (const code of [
    'function f() {',
    '[1, 2,',
    'f(1,\n',
    '1 +',
    'const a =',
    '`abc ${1}\n',
    '/* abc',
    "'abc\\\n",
    '{ a: 1,',
    '{ a: 1, b: 2',
    'class A {\n  #x = 1\n',
    'if (x) {\n} else',
    'async () => {\n  await f(',
    'await (',
    'label: {',
  ]) {
    t.type(unfinished(code), SyntaxError, code);
  }
});

t.test('code that is whole, or wrong beyond repair, is not', async (t) => {
  for (const code of [
    '1 + 1\n',
    '',
    '\n',
    'await f()',
    'for await (const x of y) x',
    '{ a: 1 }',
    '{ a: 1, b: 2 }',
    '{ a: 1, b: 2 }.a',
    'let a = 1; const b = 2;',
    'a b',
    ')',
    '}',
    "'abc\n",
    "{ a: 1, b: 2 } ')",
    '/abc\n',
    'import x from "y"',
    'foo ? bar }',
    '// comment',
    '"`"',
  ]) {
    t.equal(unfinished(code), undefined, code);
  }
});
