// Libraries from disk: files of one's own, with what they import.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { evaluate, openFetching } from '../../fixtures/fetch.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';

function write(t: Teardown, files: Record<string, string>): string {
  const folder = realpathSync(tempFolder(t));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

t.test('a file that needs no other is kept as it is', async (t) => {
  const { fetch } = await openFetching(t);
  const script = '// mine\nmodule.exports = { one: 1 };\n';
  const module = 'export const two = 2;\n';
  const folder = write(t, { 'my-lib.js': script, 'esm.mjs': module, 'both.cjs': script });
  const library = await fetch({ spec: './my-lib.js', from: folder });
  t.same(library, {
    name: 'my-lib',
    version: 'local',
    source: `file:${folder}/my-lib.js`,
    global: 'myLib',
    format: 'script',
    code: script,
    inputs: [`${folder}/my-lib.js`],
  });
  t.match(await fetch({ spec: join(folder, 'esm.mjs') }), { name: 'esm', format: 'module', code: module });
  t.match(await fetch({ spec: join(folder, 'both.cjs') }), { name: 'both', format: 'script', code: script });
});

t.test('TypeScript is bundled with what it imports, and each of the files is named', async (t) => {
  const { fetch } = await openFetching(t);
  const folder = write(t, {
    'src/main.ts':
      'import { add } from "./add.js"; import leaf from "leaf"; import data from "./data.json";\n' +
      'export const sum: number = add(1, data.n as number); export { leaf }; export type T = string;',
    'src/add.ts': 'export const add = (a: number, b: number): number => a + b;',
    'src/data.json': '{"n": 41}',
    'node_modules/leaf/package.json': '{"name": "leaf", "version": "1.2.3"}',
    'node_modules/leaf/index.js': 'module.exports = "leaf"',
    'package.json': '{"name": "@me/sums", "version": "0.2.0", "main": "./src/main.ts"}',
  });
  const library = await fetch({ spec: './main.ts', from: join(folder, 'src') });
  t.match(library, {
    name: '@me/sums',
    version: '0.2.0',
    global: 'sums',
    format: 'module',
    dependencies: [{ name: 'leaf', version: '1.2.3' }],
  });
  t.same(
    library.inputs?.toSorted(),
    ['add.ts', 'data.json', 'main.ts'].map((name) => join(folder, 'src', name)),
  );
  t.match(await evaluate(library), { sum: 42, leaf: 'leaf' });
  t.match(await fetch({ spec: './add.ts', from: join(folder, 'src') }), { name: 'add', version: '0.2.0' });
});

t.test('a script that asks for files by a pattern, and works without them, is kept as it is', async (t) => {
  const { fetch } = await openFetching(t);
  const code =
    'exports.load = (name) => { try { return require("./locale/" + name) } catch { return name } };\n';
  const folder = write(t, { 'dates.min.js': code, 'bundled.js': `require("./part");${code}`, 'part.js': '' });
  const library = await fetch({ spec: './dates.min.js', from: folder });
  t.match(library, { format: 'script', code });
  const load = (await evaluate(library))['load'] as (name: string) => string;
  t.equal(load('de'), 'de');
  await t.rejects(fetch({ spec: './bundled.js', from: folder }), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /bundled\.js:1.*locale/,
  });
  const real = fileURLToPath(new URL('../../../node_modules/moment/min/moment.min.js', import.meta.url));
  t.match(await fetch({ spec: real }), { name: 'moment.min', format: 'script' });
});

t.test('CommonJS is bundled to a script', async (t) => {
  const { fetch } = await openFetching(t);
  const folder = write(t, {
    'a.js': '#!/usr/bin/env node\nexports.b = require("./b")',
    'b.js': 'module.exports = 2',
  });
  const library = await fetch({ spec: './a.js', from: folder });
  t.equal(library.format, 'script');
  t.match(await evaluate(library), { b: 2 });
});

t.test('a link is followed, and both ends of it are named', async (t) => {
  const { fetch } = await openFetching(t);
  const folder = write(t, { 'v1.js': 'module.exports = 1' });
  symlinkSync('v1.js', join(folder, 'current.js'));
  t.match(await fetch({ spec: './current.js', from: folder }), {
    name: 'current',
    source: `file:${folder}/current.js`,
    inputs: [join(folder, 'current.js'), join(folder, 'v1.js')],
  });
});

t.test('what is no file of JavaScript is refused, with its path', async (t) => {
  const { fetch } = await openFetching(t);
  const folder = write(t, {
    'a.js': '',
    'styles.css': '',
    'folder.js/x': '',
    '-x y.js': '',
    'bad.js': 'a b',
    'fs.js': 'require("fs")',
  });
  const add = (name: string) => fetch({ spec: join(folder, name) });
  await t.rejects(add('missing.js'), {
    code: 'FILE_NOT_FOUND',
    message: /missing\.js": there is no such file/,
  });
  await t.rejects(add('folder.js'), { code: 'FILE_NOT_FOUND', message: /no regular file/ });
  await t.rejects(add('a.js/b.js'), { code: 'FILE_NOT_FOUND' });
  await t.rejects(add('styles.css'), { code: 'VALIDATION_ERROR', message: /\.js, \.mjs, \.cjs, \.ts/ });
  await t.rejects(add('-x y.js'), { code: 'VALIDATION_ERROR', message: /rename the file/ });
  await t.rejects(add('bad.js'), { code: 'LIBRARY_UNAVAILABLE', message: /bad\.js:1/ });
  await t.rejects(add('fs.js'), { code: 'LIBRARY_UNAVAILABLE', message: /needs Node's fs \(fs\.js:1\)/ });
  await t.rejects(fetch({ spec: './a.js' }), {
    code: 'VALIDATION_ERROR',
    message: /relative path means nothing/,
  });
  await t.rejects(fetch({ spec: join(folder, 'a.js'), entry: 'x' }), { code: 'VALIDATION_ERROR' });
});
