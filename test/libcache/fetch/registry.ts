// What is asked of a registry, and what is made of what it answers. The registry is one of ours, on loopback.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { fromNpm } from '#src/libcache/fetch/npm-errors.js';
import { makeWorkFolder, sweepWorkFolders } from '#src/libcache/fetch/work-folder.js';
import { evaluate, openFetching } from '../../fixtures/fetch.js';
import { tempFolder } from '../../fixtures/temp.js';

const script = (value: string) => ({ 'index.js': `module.exports = ${JSON.stringify(value)};\n` });

t.test('a version, a range, a tag and a bare name each mean what npm means by them', async (t) => {
  const { registry, fetch } = await openFetching(t);
  for (const version of ['1.0.0', '1.2.0', '2.0.0', '3.0.0-beta.1']) {
    registry.publish({ name: 'thing', version, files: script(version) });
  }
  registry.tag('thing', 'latest', '2.0.0');
  registry.tag('thing', 'next', '3.0.0-beta.1');
  for (const [spec, version] of [
    ['thing@1.0.0', '1.0.0'],
    ['thing@^1.0.0', '1.2.0'],
    ['thing@>=1 <1.2', '1.0.0'],
    ['thing@next', '3.0.0-beta.1'],
    ['thing@latest', '2.0.0'],
    ['thing', '2.0.0'],
  ] as const) {
    const library = await fetch(spec);
    t.match(library, { name: 'thing', version, source: `npm:thing@${version}`, global: 'thing' }, spec);
    t.equal(await evaluate(library), version);
  }
});

t.test('a bare name of the catalogue means the version of the catalogue', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'dayjs', version: '1.11.10', files: script('known') });
  registry.publish({ name: 'dayjs', version: '1.99.0', files: script('new') });
  t.match(await fetch('dayjs'), { version: '1.11.10', global: 'dayjs' });
  t.match(await fetch('dayjs@latest'), { version: '1.99.0' });
});

t.test('a name with a scope is fetched from the registry of its scope, with its token', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const { registry: other } = await openFetching(t);
  const host = other.url.replace('http:', '');
  registry.configure(`@mine:registry=${other.url}\n${host}:_authToken=secret-of-mine`);
  const tokens = new Set<string | undefined>();
  other.intercept = (request, response) => {
    tokens.add(request.headers.authorization);
    if (request.headers.authorization === 'Bearer secret-of-mine') return false;
    response.writeHead(401).end('{}');
    return true;
  };
  other.publish({ name: '@mine/pkg', version: '1.0.0', files: script('mine') });
  t.match(await fetch('@mine/pkg'), { name: '@mine/pkg', version: '1.0.0', global: 'pkg' });
  t.same([...tokens], ['Bearer secret-of-mine']);
  t.same(registry.requests, []);

  registry.configure(`@mine:registry=${other.url}`);
  await t.rejects(fetch('@mine/pkg@^1'), {
    code: 'LIBRARY_UNAVAILABLE',
    details: { reason: 'denied' },
    message: /npm login/,
  });
});

t.test('what is no package and no path is refused, and says what would be', async (t) => {
  const { registry, fetch } = await openFetching(t);
  for (const spec of [
    'git+https://example.com/a.git',
    'github:owner/repo',
    'owner/repo',
    'https://example.com/a.tgz',
    'alias@npm:lodash@4',
    'file:../a',
    'a.tgz',
    '@scope',
    '',
    ' ',
    'node_modules',
    '../',
    'a/../../b',
    '~/x.js',
    './relative.js',
  ]) {
    await t.rejects(fetch(spec), { code: 'VALIDATION_ERROR', details: { issues: [{ path: 'spec' }] } }, spec);
  }
  await t.rejects(fetch('git+https://example.com/a.git'), {
    message: /from git.*expected NAME@VERSION|from git/,
  });
  t.same(registry.requests, []);
});

t.test('no script of a package is run', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  const proof = join(tempFolder(t), 'was-run');
  const run = `node -e "require('fs').writeFileSync('${proof}', '')"`;
  const scripts = { preinstall: run, install: run, postinstall: run, prepare: run, prepack: run };
  registry.publish({ name: 'dep', version: '1.0.0', json: { scripts }, files: script('dep') });
  registry.publish({
    name: 'evil',
    version: '1.0.0',
    json: { scripts, dependencies: { dep: '1' }, bin: 'index.js' },
    files: { 'index.js': 'module.exports = require("dep")' },
  });
  t.equal(await evaluate(await fetch('evil')), 'dep');
  t.notOk(existsSync(proof));
  t.same(leftovers(), []);
});

t.test('a tarball that is not what the registry says it is is refused', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  const tampered = Buffer.from('not even a tarball');
  registry.publish({ name: 'thing', version: '1.0.0', files: script('good'), tampered });
  registry.publish({
    name: 'needs',
    version: '1.0.0',
    json: { dependencies: { thing: '1' } },
    files: { 'index.js': 'module.exports = require("thing")' },
  });
  await t.rejects(fetch('thing'), { code: 'INTEGRITY_MISMATCH', message: /thing@1\.0\.0.*sha512-/ });
  await t.rejects(fetch('needs'), { code: 'INTEGRITY_MISMATCH', message: /"needs".*thing@1\.0\.0/ });
  t.same(leftovers(), []);
});

t.test('a tarball whose paths lead out of its folder is refused, and writes nothing there', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  const outside = join(tempFolder(t), 'outside.js');
  const climbing = `package/${'../'.repeat(20)}${outside.slice(1)}`;
  registry.publish({
    name: 'climber',
    version: '1.0.0',
    files: script('x'),
    entries: [{ path: climbing, text: 'climbed' }],
  });
  await t.rejects(fetch('climber'), { code: 'LIBRARY_UNAVAILABLE', message: /climber@1\.0\.0.*'\.\.'/ });
  t.notOk(existsSync(outside));
  t.same(leftovers(), []);
});

t.test('a link in a tarball is left out', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const secret = join(tempFolder(t), 'secret.json');
  writeFileSync(secret, '"secret"');
  registry.publish({
    name: 'linker',
    version: '1.0.0',
    files: { 'index.js': 'module.exports = require("./link.json")' },
    entries: [{ path: 'package/link.json', type: '2', link: secret }],
  });
  await t.rejects(fetch('linker'), { code: 'LIBRARY_UNAVAILABLE', details: { reason: 'bundle' } });
});

t.test('a package cannot import a file that is not of the library', async (t) => {
  const { registry, fetch } = await openFetching(t);
  const secret = join(tempFolder(t), 'secret.json');
  writeFileSync(secret, '"secret"');
  for (const path of [secret, `${'../'.repeat(20)}${secret.slice(1)}`]) {
    const version = path === secret ? '1.0.0' : '2.0.0';
    registry.publish({
      name: 'reader',
      version,
      files: { 'index.js': `module.exports = require("${path}")` },
    });
    await t.rejects(fetch(`reader@${version}`), {
      code: 'LIBRARY_UNAVAILABLE',
      message: /outside|not there/,
    });
  }
});

t.test('where no registry answers it says so at once', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.configure('registry=http://127.0.0.1:9/');
  const started = Date.now();
  await t.rejects(fetch('thing'), {
    code: 'LIBRARY_UNAVAILABLE',
    details: { reason: 'offline' },
    message: /127\.0\.0\.1:9\/ does not answer \(ECONNREFUSED\)/,
  });
  t.ok(Date.now() - started < 5_000);
});

t.test('with "offline" in .npmrc only npm’s cache is asked', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'thing', version: '1.0.0', files: script('cached') });
  await fetch('thing');
  const asked = registry.requests.length;
  registry.configure('offline=true');
  t.match(await fetch('thing'), { version: '1.0.0' });
  await t.rejects(fetch('other'), { code: 'LIBRARY_UNAVAILABLE', details: { reason: 'offline' } });
  t.equal(registry.requests.length, asked);
});

t.test('a package or version that the registry does not have is not found', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'thing', version: '1.0.0', files: script('x') });
  for (const spec of ['nothing', 'thing@2.0.0', 'thing@^3', 'thing@no-such-tag']) {
    await t.rejects(fetch(spec), { code: 'LIBRARY_UNAVAILABLE', details: { reason: 'not-found' } }, spec);
  }
  registry.publish({
    name: 'needs',
    version: '1.0.0',
    json: { dependencies: { nothing: '1' } },
    files: { 'index.js': 'require("nothing")' },
  });
  await t.rejects(fetch('needs'), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /"needs".*dependencies of needs@1\.0\.0/,
  });
});

t.test('a registry that answers with another package is refused', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.intercept = (_request, response) => {
    const dist = { tarball: `${registry.url}x.tgz`, integrity: 'sha512-x' };
    const versions = { '1.0.0': { name: '../../evil', version: '1.0.0', dist } };
    response.end(JSON.stringify({ name: 'thing', 'dist-tags': { latest: '1.0.0' }, versions }));
    return true;
  };
  await t.rejects(fetch('thing'), { code: /INTEGRITY_MISMATCH|LIBRARY_UNAVAILABLE/ });
});

t.test('adding can be cancelled in mid-download, and leaves nothing', async (t) => {
  const { registry, fetch, leftovers } = await openFetching(t);
  registry.publish({ name: 'slow', version: '1.0.0', files: script('x') });
  const controller = new AbortController();
  const closed = new Promise<void>((resolve) => {
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith('.tgz')) return false;
      response.on('close', () => resolve());
      response.write(Buffer.from([0x1f, 0x8b]), () => controller.abort());
      return true;
    };
  });
  await t.rejects(fetch('slow', controller.signal), { code: 'REQUEST_CANCELLED' });
  await closed;
  t.same(leftovers(), []);
  await t.rejects(fetch('slow', controller.signal), { code: 'REQUEST_CANCELLED' });
  registry.intercept = () => false;
  t.match(await fetch('slow'), { version: '1.0.0' }, 'asked again, it comes');
});

t.test('what a killed process left is removed, what a living one has is not', async (t) => {
  const temporaryFolder = tempFolder(t);
  const { pid: dead } = spawnSync('true');
  const place = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
  const used = await makeWorkFolder('thing', temporaryFolder);
  // Of an earlier process, before the system was started again, whose number is now ours.
  const [, start = ''] = /-(\d+)-\w+$/.exec(used) ?? [];
  t.ok(Number(start) > 0);
  const left = [`${place}-${dead}-5-abc`, `${place}-${process.pid}-${Number(start) - 1}-abc`];
  const others = [`1-${dead}-5-abc`, `${place}-${dead}-5-abc.txt`];
  for (const name of [...left, ...others]) mkdirSync(join(temporaryFolder, `vmsys-library-${name}`));
  t.same(
    (await sweepWorkFolders(temporaryFolder)).sort(),
    left.map((name) => `vmsys-library-${name}`).sort(),
  );
  t.same(
    readdirSync(temporaryFolder).sort(),
    [basename(used), ...others.map((name) => `vmsys-library-${name}`)].sort(),
  );
  t.same(await sweepWorkFolders(join(temporaryFolder, 'none')), []);
});

t.test('a sandbox without a network is "offline", a folder without permission is not', async (t) => {
  const failed = (fields: object) => Object.assign(new Error('failed'), fields);
  const reason = (fields: object) =>
    fromNpm('thing', 'fetching it', 'https://npm.example/', failed(fields)).details?.['reason'];
  for (const code of ['EACCES', 'EPERM', 'EAFNOSUPPORT'])
    for (const syscall of ['connect', 'socket', 'getaddrinfo'])
      t.equal(reason({ code, syscall }), 'offline', `${code} of ${syscall}`);
  // As npm passes it on where several addresses were tried.
  t.equal(reason({ code: 'EPERM', type: 'system' }), 'offline');
  t.equal(reason({ code: 'EACCES', syscall: 'mkdir', path: '/home/ann/.npm' }), 'disk');
  t.equal(reason({ code: 'EPERM', syscall: 'open' }), 'disk');
  t.equal(reason({ code: 'EACCES' }), 'disk');
});

t.test('a package of a folder above is not taken for one that is missing', async (t) => {
  const { registry, fetch, temporaryFolder } = await openFetching(t);
  mkdirSync(join(temporaryFolder, 'node_modules/above'), { recursive: true });
  writeFileSync(join(temporaryFolder, 'node_modules/above/index.js'), 'module.exports = "not of npm"');
  const json = { browser: { nothing: false } };
  const optional = 'let found = "none"; try { found = require("above") } catch {}';
  registry.publish({
    name: 'optional',
    version: '1.0.0',
    json,
    files: { 'index.js': `${optional}; exports.found = found; exports.off = require("nothing");` },
  });
  t.match(await evaluate(await fetch('optional')), { found: 'none', off: {} });
  registry.publish({
    name: 'needs',
    version: '1.0.0',
    json: { ...json, exports: './index.mjs' },
    files: { 'index.mjs': 'import above from "above"; export { above };' },
  });
  const { code } = await fetch('needs');
  t.notMatch(code, /not of npm/);
});

t.test('says how far it is', async (t) => {
  const { registry, fetch, progress } = await openFetching(t);
  registry.publish({ name: 'dep', version: '1.0.0', files: script('dep') });
  registry.publish({
    name: 'thing',
    version: '1.0.0',
    json: { dependencies: { dep: '1' } },
    files: { 'index.js': 'module.exports = require("dep")' },
  });
  await fetch('thing@1');
  /** What it has told; on a slow machine also how far it was in between. */
  const told = () => progress.splice(0).filter(({ done = 0, total }) => done === 0 || done === total);
  const bytes = (json: object, { 'index.js': text }: Record<'index.js', string>) =>
    JSON.stringify(json).length + text.length;
  const ofThing = bytes(
    { name: 'thing', version: '1.0.0', dependencies: { dep: '1' } },
    { 'index.js': 'module.exports = require("dep")' },
  );
  const ofDep = bytes({ name: 'dep', version: '1.0.0' }, script('dep'));
  const step = (done: number, total: number) => ({ library: 'thing@1', step: 'fetch', done, total });
  t.same(told(), [
    { library: 'thing@1', step: 'resolve' },
    step(0, ofThing),
    step(ofThing, ofThing),
    step(0, ofDep),
    step(ofDep, ofDep),
    { library: 'thing@1', step: 'bundle' },
  ]);
  registry.publish({ name: 'old', version: '1.0.0', isSized: false, files: script('old') });
  await fetch('old');
  const fetched = bytes({ name: 'old', version: '1.0.0' }, script('old'));
  const fetching = progress.filter(({ step }) => step === 'fetch');
  t.same(fetching.at(0), { library: 'old', step: 'fetch', done: 0 });
  t.same(fetching.at(-1), { library: 'old', step: 'fetch', done: fetched });
});

t.test('where the user’s npm configuration cannot be read, no other registry is asked', async (t) => {
  const { registry, fetch } = await openFetching(t);
  registry.publish({ name: 'thing', version: '1.0.0', files: script('public') });
  rmSync(registry.npmrc);
  mkdirSync(registry.npmrc);
  await t.rejects(fetch('thing'), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /npmrc cannot be read/,
    details: { reason: 'config' },
  });
  t.same(registry.requests, []);
});
