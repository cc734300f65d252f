// Files as modules: their formats, the names they export, and what is said of those that cannot be loaded.
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { makeWorktree, openTestHost } from '../../fixtures/modules.js';

const everyEnding = { resolver: { extensions: ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'] } };

t.test('the ending of a file is its format, and for .js and .ts the template decides', async (t) => {
  const files = ['a.js', 'a.mjs', 'a.cjs', 'a.ts', 'a.mts', 'a.cts', 'a.json'];
  const worktree = makeWorktree(t, Object.fromEntries(files.map((file) => [file, '1'])));
  const formats = (esm: boolean) => {
    const host = openTestHost(worktree, { ...everyEnding, esm });
    return files.map((file) => host.load(file).format);
  };
  const [script, module] = ['commonjs', 'module'];
  t.strictSame(formats(false), [script, module, script, script, module, script, 'json']);
  t.strictSame(formats(true), [module, module, script, module, module, script, 'json']);
});

t.test('names are exported as far as the text shows them, through the files it passes on', async (t) => {
  const worktree = makeWorktree(t, {
    'plain.js': 'exports.a = 1; module.exports.b = 2',
    'object.js': 'module.exports = { c, d }',
    'on.js': 'module.exports = require("./plain")',
    'babel.js': '__exportStar(require("./object"), exports); exports.__esModule = true; exports.default = 1',
    'one.js': 'module.exports = require("./two")',
    'two.js': 'module.exports = require("./one"); exports.two = 1',
    'missing.js': 'module.exports = require("./nothing")',
    'typed.ts': 'const e: number = 1; export_; exports.e = e',
  });
  const host = openTestHost(worktree);
  const names = (file: string) => [...(host.load(file).exports ?? [])].toSorted();
  t.strictSame(names('plain.js'), ['a', 'b']);
  t.strictSame(names('object.js'), ['c', 'd']);
  t.strictSame(names('on.js'), ['a', 'b']);
  t.strictSame(names('babel.js'), ['__esModule', 'c', 'd']);
  t.strictSame(names('one.js'), ['two'], 'a circle ends');
  t.strictSame(names('missing.js'), []);
  t.strictSame(names('typed.ts'), ['e']);
});

t.test('an ES module that is named as a script says how to put it right, and where', async (t) => {
  const worktree = makeWorktree(t, {
    'm.js': '// a comment\n  import x from "./a.js"',
    'e.ts': 'export const a: number = 1',
    'meta.js': '"x"; import.meta.url',
    'fine.js': 'const it = { import: 1, export: 2 }\nit\n.export; import("./a.js")\nreturn',
    'text.js': 'const s = `\nimport x from "y"\n`',
    'broken.js': 'let = = 1',
  });
  const host = openTestHost(worktree);
  const position = {
    name: 'SyntaxError',
    message: /^m\.js:2:3: .*end its name in \.mjs.*work --runtime\.esm$/,
  };
  t.throws(() => host.load('m.js'), position);
  t.throws(() => host.load('e.ts'), { message: /^e\.ts:1:1: .*end its name in \.mts/ });
  t.throws(() => host.load('meta.js'), { message: /^meta\.js:1:/ });
  for (const file of ['fine.js', 'text.js', 'broken.js'])
    t.equal(host.load(file).format, 'commonjs', `${file}: what else is wrong is the engine's to say`);
});

t.test('a hashbang and a byte order mark are no code', async (t) => {
  const worktree = makeWorktree(t, { 'x.js': '#!/usr/bin/env node\n1', 'bom.json': '\uFEFF{"a":1}' });
  const host = openTestHost(worktree);
  t.equal(host.load('x.js').code, '///usr/bin/env node\n1');
  t.equal(host.load('bom.json').code, '{"a":1}');
});

t.test(
  'an id that nothing was resolved to loads no more than resolving would (ids lie in guest memory)',
  async (t) => {
    const worktree = makeWorktree(t, { 'x.css': 'secret', 'x.js': '1' });
    const host = openTestHost(worktree);
    const outside = join(dirname(worktree), 'outside/secret.js');
    for (const id of [
      'x.css',
      '../outside/secret.js',
      outside,
      '/etc/passwd',
      'x.js/../../outside/secret.js',
      '',
    ])
      t.throws(() => host.load(id), { code: 'INVALID_PATH' }, id);
    for (const id of ['node:fs', 'lodash@4.17.21', 'none.js'])
      t.throws(() => host.load(id), { code: /^(?:MODULE_NOT_FOUND|INVALID_PATH)$/ }, id);
  },
);

t.test('a file that went, grew or became a link since it was resolved is refused', async (t) => {
  const worktree = makeWorktree(t, { 'x.js': '1', 'y.js': '1', 'z.js': '1' });
  const host = openTestHost(worktree);
  for (const name of ['./x.js', './y.js', './z.js']) host.resolve(name, '<repl>', 'require');
  rmSync(join(worktree, 'x.js'));
  t.throws(() => host.load('x.js'), { code: 'MODULE_NOT_FOUND', message: /does not exist/ });
  rmSync(join(worktree, 'y.js'));
  symlinkSync(join(dirname(worktree), 'outside/secret.js'), join(worktree, 'y.js'));
  t.throws(() => host.load('y.js'), {
    code: 'INVALID_PATH',
    message: 'module "y.js": leads out of the worktree',
  });
  truncateSync(join(worktree, 'z.js'), 17 * 1024 * 1024);
  t.throws(() => host.load('z.js'), { code: 'MODULE_NOT_FOUND', message: /expected at most/ });
  writeFileSync(join(worktree, 'z.js'), Buffer.from([0xff]));
  t.throws(() => host.load('z.js'), { code: 'MODULE_NOT_FOUND', message: /not UTF-8/ });
});
