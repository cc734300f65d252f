// Attacks on the files beside what is granted: by names, by links, by what is no file, and by size.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { attacked, folderGrant, module } from '../fixtures/attacked.js';
import { until } from '../fixtures/until.js';

const text = JSON.stringify;
const files = `const fs = require('fs'); undefined`;

t.test('no name leads out of what is granted', async (t) => {
  const { tree, outside, session, attempt, run, faults } = await attacked(t);
  const s = await session([module('fs', { write: true })]);
  await run(s, files);
  const names = [
    '../outside/secret.txt',
    './../outside/secret.txt',
    'sub/../../outside/secret.txt',
    `${outside}/secret.txt`,
    `${tree}/../outside/secret.txt`,
    `/${outside}/secret.txt`,
    `${tree}//..//outside//secret.txt`,
    '/proc/self/root/etc/passwd',
    `/proc/self/root${outside}/secret.txt`,
    '/proc/self/cwd/package.json',
    '/proc/self/environ',
    '/proc/self/mem',
    '/proc/self/fd/0',
    '/proc/1/root/etc/passwd',
    '/dev/stdin',
    '/dev/fd/0',
    '/sys/kernel/profiling',
    '/etc/passwd',
    '~/.ssh/id_rsa',
    '/nothing/there',
  ];
  for (const name of names) {
    const expected = name.startsWith('~') ? 'ENOENT' : 'EACCES';
    t.equal(await attempt(s, `fs.readFileSync(${text(name)}, 'utf8')`), expected, `read ${name}`);
    if (expected === 'ENOENT') continue;
    for (const call of [
      `writeFileSync(N, 'x')`,
      `openSync(N, 'a')`,
      `statSync(N)`,
      `lstatSync(N)`,
      `readdirSync(N)`,
      `realpathSync(N)`,
      `readlinkSync(N)`,
      `accessSync(N)`,
      `mkdirSync(N, { recursive: true })`,
      `mkdtempSync(N)`,
      `rmSync(N, { recursive: true, force: true })`,
      `unlinkSync(N)`,
      `renameSync(N, 'x')`,
      `renameSync('a.txt', N)`,
      `copyFileSync(N, 'x')`,
      `copyFileSync('a.txt', N)`,
      `truncateSync(N)`,
      `chmodSync(N, 0o777)`,
      `utimesSync(N, 0, 0)`,
    ])
      t.match(
        await attempt(s, `fs.${call.replace('N', text(name))}`),
        /^E(?:ACCES|NOTDIR)$/,
        `${call} ${name}`,
      );
  }
  // What would be decoded elsewhere is the name of a file here.
  for (const name of [
    '%2e%2e/outside/secret.txt',
    '..%2foutside%2fsecret.txt',
    '..%c0%af..%c0%afetc/passwd',
    '..\\\\outside\\\\secret.txt',
    '\u2025/outside/secret.txt',
    '．．/outside/secret.txt',
    '..\u2215outside\u2215secret.txt',
    'file:../outside/secret.txt',
  ])
    t.equal(await attempt(s, `fs.readFileSync(${text(name)})`), 'ENOENT', name);
  for (const code of [
    `fs.readFileSync('a.txt\\0.png')`,
    `fs.readFileSync(new URL('file:///etc/passwd'))`,
    `fs.readFileSync({ toString: () => '/etc/passwd' })`,
    `fs.readFileSync(['/etc/passwd'])`,
    `fs.readFileSync({ protocol: 'file:', pathname: '/%2e%2e/etc/passwd' })`,
  ])
    t.match(await attempt(s, code), /^E(?:ACCES|RR_INVALID_ARG_(?:TYPE|VALUE))$/, code);
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
  t.same(readdirSync(tree), ['a.txt']);
  t.same(faults(), []);
});

t.test('of what lies outside is not told whether it is there, nor where it leads', async (t) => {
  const { tree, outside, session, run } = await attacked(t);
  symlinkSync(join(outside, 'secret.txt'), join(outside, 'link'));
  const s = await session([module('fs', { write: true })]);
  const told = async (name: string): Promise<string> => {
    const code = `const all = []; for (const call of ['readFileSync', 'statSync', 'readdirSync', 'rmSync', 'realpathSync'])
      try { require('fs')[call](${text(`${outside}/${name}`)}) } catch (e) { all.push([e.code, e.message, e.path, e.errno]) }; JSON.stringify(all)`;
    const { result } = await run(s, code.replaceAll('const all', 'var all'));
    return JSON.stringify(result).replaceAll(name, 'NAME');
  };
  const absent = await told('absent');
  for (const name of ['secret.txt', 'link']) t.equal(await told(name), absent, name);
  t.equal(existsSync(join(tree, 'secret.txt')), false);
});

t.test('links that lead out are not followed, whatever is done with them', async (t) => {
  const { tree, outside, session, attempt, run } = await attacked(t);
  symlinkSync(outside, join(tree, 'folder'));
  symlinkSync(join(outside, 'secret.txt'), join(tree, 'file'));
  symlinkSync(join(outside, 'new.txt'), join(tree, 'nothing'));
  symlinkSync('/proc/self/root', join(tree, 'root'));
  symlinkSync('/proc/self/fd', join(tree, 'fds'));
  const s = await session([module('fs', { write: true })]);
  await run(s, files);
  for (const call of [
    `readFileSync('file')`,
    `readFileSync('folder/secret.txt')`,
    `readFileSync('root${outside}/secret.txt')`,
    `readdirSync('folder')`,
    `readdirSync('fds')`,
    `readFileSync('fds/1')`,
    `writeFileSync('file', 'x')`,
    `writeFileSync('folder/x', 'x')`,
    `writeFileSync('nothing', 'x')`,
    `openSync('nothing', 'ax')`,
    `copyFileSync('a.txt', 'nothing')`,
    `mkdirSync('folder/x')`,
    `mkdirSync('folder/x/y', { recursive: true })`,
    `rmSync('folder/secret.txt')`,
    `renameSync('folder/secret.txt', 'got')`,
    `renameSync('a.txt', 'folder/x')`,
    `truncateSync('file')`,
    `chmodSync('file', 0)`,
    `utimesSync('file', 0, 0)`,
  ])
    t.match(await attempt(s, `fs.${call}`), /^E(?:ACCES|EXIST|LOOP)$/, call);
  t.same(await attempt(s, `fs.readdirSync('.', { recursive: true })`), [
    'a.txt',
    'fds',
    'file',
    'folder',
    'nothing',
    'root',
  ]);
  await attempt(s, `['file', 'folder', 'nothing'].forEach((name) => fs.rmSync(name, { recursive: true }))`);
  t.same(readdirSync(outside), ['secret.txt']);
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
});

t.test('a link that is swapped while the session uses it never leads out', async (t) => {
  const { tree, outside, session, run } = await attacked(t);
  mkdirSync(join(tree, 'inside'));
  writeFileSync(join(tree, 'inside', 'secret.txt'), 'harmless');
  symlinkSync(join(tree, 'inside'), join(tree, 'swapped'));
  const s = await session([module('fs', { write: true })]);
  const state = new SharedArrayBuffer(8);
  const flag = new Int32Array(state);
  const swapper = new Worker(new URL('../fixtures/link-swapper.mjs', import.meta.url), {
    workerData: { path: join(tree, 'swapped'), targets: [join(tree, 'inside'), outside], state },
  });
  await until('links are swapped', () => Atomics.load(flag, 1) > 10);
  const { result } = await run(
    s,
    `const fs = require('fs'); const seen = {}; const end = Date.now() + 1500;
     for (let i = 0; Date.now() < end; i++) {
       for (const work of [
         () => fs.readFileSync('swapped/secret.txt', 'utf8'),
         () => fs.readdirSync('swapped').join(),
         () => (fs.writeFileSync('swapped/new' + i % 7, 'x'), 'written'),
         () => (fs.mkdirSync('swapped/made' + i % 7, { recursive: true }), 'made'),
         () => (fs.rmSync('swapped/made' + i % 7, { recursive: true, force: true }), 'removed'),
       ]) {
         let what; try { what = work() } catch (e) { what = e.code }
         seen[what.startsWith('made') || what.startsWith('new') || what.includes(',') ? 'listed' : what] = true;
       }
     } Object.keys(seen)`,
  );
  Atomics.store(flag, 0, 1);
  await new Promise((resolve) => swapper.once('exit', resolve));
  const seen = result?.json as string[];
  t.ok(seen.includes('harmless'), 'it was inside at times');
  t.ok(seen.includes('EACCES'), 'and outside at times');
  t.notOk(seen.includes('secret'));
  t.same(readdirSync(outside), ['secret.txt']);
});

t.test('what a grant means cannot be changed by who may write in it', async (t) => {
  const { runtime, tree, outside, folder, session, attempt, run } = await attacked(t);
  mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
  symlinkSync(join(folder, 'deep'), join(folder, 'way'));
  symlinkSync(outside, join(tree, 'evil'));
  const s = await session([
    module('fs', { write: true }),
    folderGrant(folder, true),
    folderGrant(join(folder, 'way', 'er')),
  ]);
  await run(s, files);
  for (const path of [folder, `${folder}/deep`, `${folder}/deep/er`, `${folder}/way`, '.']) {
    for (const call of [
      `renameSync(${text(path)}, 'gone')`,
      `renameSync('evil', ${text(path)})`,
      `rmSync(${text(path)}, { recursive: true })`,
      `rmdirSync(${text(path)})`,
    ]) {
      t.match(await attempt(s, `fs.${call}`), /^E(?:BUSY|NOTDIR)$/, call);
    }
  }
  for (const call of ['rmSync', 'unlinkSync'])
    t.equal(await attempt(s, `fs.${call}('${folder}/way')`), 'EBUSY', call);
  t.equal(await attempt(s, `fs.renameSync('evil', '${folder}/way')`), 'EBUSY');
  await runtime.sessions.hibernate(s.id);
  t.equal(await attempt(s, `fs.readFileSync('${folder}/way/er/secret.txt')`), 'ENOENT');
  t.equal(readlinkSync(join(folder, 'way')), join(folder, 'deep'));
  t.equal(readlinkSync(join(tree, 'evil')), outside);
});

t.test('the daemon’s own files are closed, also where all around them is granted', async (t) => {
  const { runtime, state, session, attempt, run } = await attacked(t);
  const s = await session([
    module('fs', { write: true }),
    module('database', { write: true }),
    folderGrant('/', true),
  ]);
  await run(s, files);
  for (const call of [
    `fs.readFileSync('${state}/own.txt')`,
    `fs.writeFileSync('${state}/x', '')`,
    `fs.readdirSync('${state}')`,
    `fs.renameSync('${state}', '${state}2')`,
    `fs.rmSync('${state}', { recursive: true })`,
    `fs.readFileSync('${runtime.database}')`,
    `fs.copyFileSync('${runtime.database}', '/tmp/stolen')`,
    `fs.unlinkSync('${runtime.database}-wal')`,
    `require('database').open('${runtime.database}', { readonly: true })`,
    `require('database').open('${state}/new.db')`,
    `fs.readFileSync('/proc/self/environ')`,
    `fs.readFileSync('/dev/zero')`,
  ])
    t.equal(await attempt(s, call), 'EACCES', call);
  t.equal(
    await attempt(s, `fs.readdirSync('${join(state, '..')}', { recursive: true }).includes('state/own.txt')`),
    false,
  );
  t.equal(readFileSync(join(state, 'own.txt'), 'utf8'), 'own');
});

t.test('what a template denies stays closed, whatever else it grants', async (t) => {
  const { tree, folder, session, attempt, run } = await attacked(t);
  mkdirSync(join(folder, 'deep', 'secret'), { recursive: true });
  mkdirSync(join(tree, 'own'));
  writeFileSync(join(folder, 'deep', 'secret', 'key'), 'secret');
  writeFileSync(join(tree, 'own', 'key.json'), '"secret"');
  symlinkSync(join(folder, 'deep'), join(folder, 'way'));
  symlinkSync(join(folder, 'deep', 'secret', 'key'), join(tree, 'link'));
  const denied = (path: string) => ({ ...folderGrant(path), enabled: false });
  const s = await session([
    module('fs', { write: true }),
    module('database', { write: true }),
    module('exec', { allow: ['ls'] }),
    folderGrant('/', true),
    folderGrant(join(folder, 'deep'), true),
    denied(join(folder, 'way', 'secret')),
    denied(join(tree, 'own')),
    denied(join(folder, 'later')),
  ]);
  await run(s, files);
  for (const call of [
    `fs.readFileSync('${folder}/deep/secret/key')`,
    `fs.readFileSync('${folder}/way/secret/key')`,
    `fs.readFileSync('link')`,
    `fs.readFileSync('own/key.json')`,
    `fs.readdirSync('${folder}/deep/secret')`,
    `fs.writeFileSync('${folder}/deep/secret/key', '')`,
    `fs.renameSync('${folder}/deep/secret', '${folder}/got')`,
    `fs.renameSync('${folder}/deep', '${folder}/got')`,
    `fs.rmSync('${folder}/deep', { recursive: true })`,
    `fs.copyFileSync('own/key.json', 'got')`,
    `fs.mkdirSync('${folder}/later')`,
    `require('database').open('own/new.db')`,
    `require('exec').run('ls', [], { cwd: 'own' })`,
  ])
    t.equal(await attempt(s, call), 'EACCES', call);
  t.equal(await attempt(s, `require('./own/key.json')`), 'INVALID_PATH');
  t.equal(await attempt(s, `fs.unlinkSync('${folder}/way')`), 'EBUSY', 'nor is the way to it moved');
  t.equal(readFileSync(join(folder, 'deep', 'secret', 'key'), 'utf8'), 'secret');
});

t.test('what is no file is not opened, and nothing waits for it', async (t) => {
  const { tree, session, attempt, run } = await attacked(t);
  execFileSync('mkfifo', [join(tree, 'fifo.js')]);
  const server = createServer().listen(join(tree, 'socket'));
  t.teardown(() => server.close());
  symlinkSync('/dev/zero', join(tree, 'zero.js'));
  symlinkSync('/dev/tty', join(tree, 'tty'));
  const s = await session([module('fs', { write: true }), module('database', { write: true })]);
  await run(s, files);
  for (const call of [
    'readFileSync(N)',
    `writeFileSync(N, 'x')`,
    `openSync(N, 'r+')`,
    `appendFileSync(N, 'x')`,
    `truncateSync(N)`,
  ]) {
    for (const name of ['fifo.js', 'socket'])
      t.equal(
        await attempt(s, `fs.${call.replace('N', `'${name}'`)}`, { timeoutMs: 2000 }),
        'ENXIO',
        `${call} ${name}`,
      );
    for (const name of ['zero.js', 'tty'])
      t.equal(
        await attempt(s, `fs.${call.replace('N', `'${name}'`)}`, { timeoutMs: 2000 }),
        'EACCES',
        `${call} ${name}`,
      );
  }
  t.equal(await attempt(s, `require('database').open('fifo.js')`), 'ENXIO');
  t.equal(await attempt(s, `require('./fifo.js')`), 'MODULE_NOT_FOUND');
  t.equal(await attempt(s, `require('./zero.js')`), 'INVALID_PATH');
});

t.test('sizes, numbers and depths are bounded', async (t) => {
  const { tree, session, attempt, run, faults } = await attacked(t);
  const s = await session([module('fs', { write: true, maxBytes: 100_000, maxWrittenBytes: 300_000 })]);
  await run(s, files);
  writeFileSync(join(tree, 'large'), '');
  execFileSync('truncate', ['-s', '1T', join(tree, 'large')]);
  t.equal(await attempt(s, `fs.readFileSync('large')`), 'ERR_FS_FILE_TOO_LARGE', 'a hole of 1 TiB');
  t.equal(
    await attempt(s, `fs.readSync(fs.openSync('large'), new Uint8Array(8), 0, 1e9)`),
    'ERR_OUT_OF_RANGE',
  );
  t.equal(
    await attempt(s, `fs.readFileSync(fs.openSync('large'))`),
    'ERR_FS_FILE_TOO_LARGE',
    'by its descriptor',
  );
  t.equal(await attempt(s, `fs.truncateSync('a.txt', 1e12)`), 'ERR_FS_FILE_TOO_LARGE');
  t.equal(await attempt(s, `fs.writeFileSync('w', 'x'.repeat(100_001))`), 'ERR_FS_FILE_TOO_LARGE');
  t.equal(
    await attempt(
      s,
      `{ for (let i = 0; i < 9; i++) fs.appendFileSync('w', 'x'.repeat(90_000)) }`.replace(/^/, '(() => ') +
        ')()',
    ),
    'EDQUOT',
  );
  t.equal(await attempt(s, `Array.from({ length: 100 }, () => fs.openSync('a.txt'))`), 'EMFILE');
  const before = readdirSync('/proc/self/fd').length;
  await attempt(s, `fs.mkdirSync('${'d/'.repeat(250)}', { recursive: true })`, { timeoutMs: 10_000 });
  for (const call of [`readdirSync('d', { recursive: true })`, `rmSync('d', { recursive: true })`])
    t.equal(await attempt(s, `fs.${call}`, { timeoutMs: 10_000 }), 'ENAMETOOLONG', call);
  t.ok(readdirSync('/proc/self/fd').length <= before, 'no descriptor is left open');
  t.same(faults(), []);
});

t.test('NOT promised: a hard link to a file outside is that file', async (t) => {
  const { tree, outside, session, attempt } = await attacked(t);
  linkSync(join(outside, 'secret.txt'), join(tree, 'hard.txt'));
  const s = await session([module('fs')]);
  t.equal(await attempt(s, `require('fs').readFileSync('hard.txt', 'utf8')`), 'secret');
  t.equal(
    await attempt(s, `typeof require('fs').linkSync + typeof require('fs').symlinkSync`),
    'undefinedundefined',
    'but a script cannot make one',
  );
});
