// How a package becomes one file: what stays as it is, what is bundled, and what cannot be.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { evaluate, openFetching } from '../../fixtures/fetch.js';

/** Text that is smaller packed, but not suspiciously so. */
const mebibytes = (count: number): string =>
  randomBytes(8192)
    .toString('hex')
    .repeat(64 * count);

const umd = `!function(r,f){"object"==typeof exports&&"undefined"!=typeof module?module.exports=f():r.it=f()}(this,function(){return {a:1,b:"ü"}});`;

t.test('a script for browsers is kept byte for byte, wherever package.json names it', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const needy = 'module.exports = require("./other")';
  const fields = {
    unpkg: 'dist/x.min.js',
    jsdelivr: './dist/x.min.js',
    browser: 'dist/x.min.js',
    main: 'dist/x.min',
  };
  for (const [field, path] of Object.entries(fields)) {
    registry.publish({
      name: `by-${field}`,
      version: '1.0.0',
      // Node would take it for an ES module; it is none.
      json: {
        [field]: path,
        type: field === 'unpkg' ? 'module' : 'commonjs',
        dependencies: { nothing: '1' },
      },
      files: { 'dist/x.min.js': umd, 'index.js': needy },
    });
    const library = await fetch(`by-${field}`);
    t.equal(library.code, umd, field);
    t.equal(library.format, 'script');
    t.equal(library.dependencies, undefined);
    t.match(await evaluate(library), { a: 1, b: 'ü' });
  }
  t.notOk(registry.requests.includes('/nothing'), 'what it does not need is not asked for');
});

t.test('a script that needs a page, or did not load, is passed over for the modules', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const publish = (name: string, script: string) =>
    registry.publish({
      name,
      version: '1.0.0',
      json: { jsdelivr: 'cdn.js' },
      files: { 'cdn.js': script, 'index.js': 'exports.of = "modules"' },
    });
  publish('page', '(()=>{window.page={of:"a page"}})();module.exports={of:"script"}');
  publish('asks', '"undefined"!=typeof window&&(window.asks=1);module.exports={of:"script"}');
  t.match(await evaluate(await fetch('page')), { of: 'modules' });
  const kept = await fetch('asks');
  t.equal(kept.isOwnScript, true);
  t.match(await evaluate(kept), { of: 'script' });
  const bundled = await fetch({ spec: 'asks@1.0.0', bundled: true });
  t.notOk(bundled.isOwnScript);
  t.match(await evaluate(bundled), { of: 'modules' });
});

t.test('a CommonJS package is bundled with its dependencies, two versions of one of them', async (t) => {
  const { registry, fetch } = await openFetching(t);
  for (const version of ['1.0.0', '2.0.0']) {
    registry.publish({ name: 'leaf', version, files: { 'index.js': `exports.version = "${version}"` } });
  }
  registry.publish({ name: 'unused', version: '1.0.0', files: { 'index.js': '' } });
  registry.publish({
    name: '@scope/branch',
    version: '1.0.0',
    json: { dependencies: { leaf: '^1.0.0' } },
    files: { 'index.js': 'module.exports = require("leaf").version' },
  });
  registry.publish({
    name: 'tree',
    version: '3.0.0',
    json: { dependencies: { leaf: '^2.0.0', '@scope/branch': '1', unused: '*' } },
    files: {
      'index.js':
        'exports.own = require("leaf").version; exports.branch = require("@scope/branch"); exports.data = require("./data.json")',
      'data.json': '{"n": 1}',
    },
  });
  const library = await fetch('tree');
  t.match(library, { name: 'tree', version: '3.0.0', format: 'script' });
  t.match(await evaluate(library), { own: '2.0.0', branch: '1.0.0', data: { n: 1 } });
  t.match(library.dependencies, [
    { name: '@scope/branch', version: '1.0.0', integrity: /^sha512-/ },
    { name: 'leaf', version: '1.0.0', integrity: /^sha512-/ },
    { name: 'leaf', version: '2.0.0', integrity: /^sha512-/ },
  ]);
  t.equal((await fetch('tree')).code, library.code, 'and comes out the same again');
});

t.test('one that is fetched again is made of the versions that it was made of before', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const publish = (version: string) =>
    registry.publish({ name: 'leaf', version, files: { 'index.js': `module.exports = "${version}"` } });
  publish('1.0.0');
  registry.publish({
    name: 'tree',
    version: '1.0.0',
    json: { dependencies: { leaf: '^1.0.0' } },
    files: { 'index.js': 'module.exports = require("leaf")' },
  });
  const before = await fetch('tree');
  publish('1.5.0');
  registry.configure('prefer-online=true');
  t.equal(await evaluate(await fetch('tree')), '1.5.0');
  const { dependencies } = before;
  t.equal((await fetch({ spec: 'tree@1.0.0', dependencies })).code, before.code);
});

t.test('ES modules are bundled to one with real exports', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({
    name: 'cjs-dep',
    version: '1.0.0',
    files: { 'index.js': 'module.exports = (n) => n + 1' },
  });
  registry.publish({
    name: 'esm',
    version: '1.0.0',
    json: {
      type: 'module',
      dependencies: { 'cjs-dep': '1' },
      exports: { '.': { node: './node.js', default: './main.js' } },
    },
    files: {
      'main.js':
        'import add from "cjs-dep"; export * from "./more.js"; export const two = add(1); export default class Main {}',
      'more.js': 'export function three() { return 3 }',
      'node.js': 'import fs from "fs"; export default fs',
    },
  });
  const library = await fetch('esm');
  t.equal(library.format, 'module');
  const { two, three, default: main } = await evaluate(library);
  t.equal(two, 2);
  t.equal(typeof three === 'function' && three(), 3);
  t.equal(typeof main === 'function' && main.name, 'Main');
});

t.test('what needs Node is refused, with what it needs and who needs it', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({
    name: 'reader',
    version: '1.0.0',
    files: { 'index.js': '// reads\nexports.read = require("fs").readFileSync', 'package.json': '{}' },
  });
  registry.publish({
    name: 'server',
    version: '1.0.0',
    json: { dependencies: { reader: '1' } },
    files: { 'index.js': 'require("reader"); require("node:http"); require("./missing")' },
  });
  await t.rejects(fetch('server'), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /"server@1\.0\.0" cannot be made into one file: needs Node's .*fs \(reader\/index\.js:2\)/,
    details: { reason: 'bundle', builtins: ['fs', 'http'] },
  });
  await t.rejects(fetch('server'), {
    message: /server\/index\.js:1 imports "\.\/missing", which is not there/,
  });
});

t.test('what would use Node if it could, but does without, works', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({
    name: 'careful',
    version: '1.0.0',
    json: { browser: { crypto: false } },
    files: {
      'index.js':
        'let fs; try { fs = require("fs") } catch {} exports.fs = fs; exports.crypto = require("crypto"); ' +
        'exports.mode = process.env.NODE_ENV; exports.more = require("./more")',
      'more.js': 'module.exports = 1',
    },
  });
  t.match(await evaluate(await fetch('careful')), { fs: undefined, crypto: {}, mode: 'production', more: 1 });
});

t.test('a package may bring its own of what Node has built in', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'events', version: '3.0.0', files: { 'index.js': 'module.exports = "events"' } });
  registry.publish({
    name: 'emitter',
    version: '1.0.0',
    json: { dependencies: { events: '3' } },
    files: { 'index.js': 'module.exports = require("events")' },
  });
  t.equal(await evaluate(await fetch('emitter')), 'events');
});

t.test('"entry" begins with another file of the package, never outside of it', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({
    name: 'many',
    version: '1.0.0',
    json: { exports: { '.': './index.js', './sub': './lib/sub.mjs' } },
    files: {
      'index.js': 'module.exports = "index"',
      'lib/sub.mjs': 'export const sub = 1',
      'dist/hidden.js': 'module.exports = "hidden"',
    },
  });
  t.match(await evaluate(await fetch({ spec: 'many', entry: 'sub' })), { sub: 1 });
  t.equal(await evaluate(await fetch({ spec: 'many', entry: './dist/hidden.js' })), 'hidden');
  t.equal(await evaluate(await fetch({ spec: 'many', entry: 'dist/hidden' })), 'hidden');
  for (const entry of ['../other/index.js', '/etc/passwd', 'dist/../../x', 'nothing.js', '', './', 'a\\b']) {
    await t.rejects(fetch({ spec: 'many', entry }), { code: 'VALIDATION_ERROR', message: /entry/ }, entry);
  }
});

t.test('the vanilla entry of zustand is what the catalogue means', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({
    name: 'zustand',
    version: '4.4.7',
    files: { 'vanilla.js': 'exports.createStore = () => 1', 'index.js': 'require("react")' },
  });
  t.match(await fetch('zustand'), { version: '4.4.7', global: 'zustand', code: /createStore/ });
});

t.test('a package that is too large is refused by name of the limit', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  const files = { 'index.js': `module.exports = "${mebibytes(17)}"` };
  registry.publish({ name: 'huge', version: '1.0.0', files });
  await t.rejects(fetch('huge'), {
    code: 'LIBRARY_UNAVAILABLE',
    details: { reason: 'too-large' },
    message: /17\.0 MiB of code; a library may have 16\.0/,
  });
  t.same(leftovers(), []);
});

t.test('a package that unpacks to more than the bound is refused before it is written', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  const entries = Array.from({ length: 3 }, (_, index) => ({
    path: `package/${index}.bin`,
    text: mebibytes(80),
  }));
  registry.publish({ name: 'bomb', version: '1.0.0', files: { 'index.js': '' }, entries });
  await t.rejects(fetch('bomb'), {
    code: 'LIBRARY_UNAVAILABLE',
    details: { reason: 'too-large' },
    message: /more than 200 MiB/,
  });
  t.same(leftovers(), []);
});

t.test('a syntax error is named with its place', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'broken', version: '1.0.0', files: { 'index.js': 'let a;\nlet 1b = 2;' } });
  await t.rejects(fetch('broken'), { code: 'LIBRARY_UNAVAILABLE', message: /broken\/index\.js:2:/ });
});
