// Programs over `fs` that print the same in Node and in a session.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { grantOf, printedByNode, printedBySession } from '../../../fixtures/node-program.js';
import { openTestRuntime, type TestRuntime } from '../../../fixtures/runtime.js';
import { tempFolder } from '../../../fixtures/temp.js';

/** A worktree with the same files for each of those who run the program. */
function makeTree(t: Test, program: string): string {
  const tree = tempFolder(t);
  mkdirSync(join(tree, 'from/deep'), { recursive: true });
  writeFileSync(join(tree, 'a.txt'), 'äb\ncd');
  writeFileSync(join(tree, 'from/one.txt'), 'one', { mode: 0o640 });
  writeFileSync(join(tree, 'from/deep/two.txt'), 'two');
  // As a function: what Node takes for a declaration of its module is a variable of the session.
  writeFileSync(join(tree, 'program.js'), `(async () => { const fs = require('fs'); ${program} })()`);
  return tree;
}

async function compare(t: Test, programs: Readonly<Record<string, string>>): Promise<void> {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'x', capabilities: grantOf('fs', 'path', 'buffer') });
  for (const [name, program] of Object.entries(programs)) {
    const byNode = await printedByNode(makeTree(t, program), 'program.js');
    const worktree = makeTree(t, program);
    const session = await runtime.sessions.create({ template: 'x', worktree });
    t.ok(byNode.length > 0, name);
    t.strictSame(await printedBySession(runtime, session, 'program.js'), byNode, name);
  }
}

const helpers = `
  const { Buffer } = require('buffer');
  const log = (...values) => console.log(JSON.stringify(values));
  const codeOf = (work) => { try { return work() } catch (error) { return error.code } };
  const tree = (folder) => fs.readdirSync(folder, { recursive: true }).sort()
    .map((name) => [name, fs.statSync(folder + '/' + name).isFile() && fs.readFileSync(folder + '/' + name, 'utf8')]);
`;

t.test('files are read and written by their descriptors', (t) =>
  compare(t, {
    'whole files': `${helpers}
      const fd = fs.openSync('b.txt', 'w+');
      fs.writeFileSync(fd, 'one'); fs.appendFileSync(fd, Buffer.from(' two'));
      fs.writeFileSync(fd, '74687265', 'hex');
      log(fs.readFileSync(fd, 'utf8'), fs.fstatSync(fd).size);
      fs.fsyncSync(fd); fs.fdatasyncSync(fd);
      fs.ftruncateSync(fd, 5); fs.futimesSync(fd, 10, new Date(20_000));
      const { size, mtimeMs, atimeMs } = fs.fstatSync(fd);
      log(size, mtimeMs, atimeMs, fs.readFileSync('b.txt', 'utf8'));
      fs.closeSync(fd);
      const reading = fs.openSync('a.txt');
      log(fs.readSync(reading, Buffer.alloc(3)), fs.readFileSync(reading, 'utf8'), fs.readFileSync(reading, 'utf8'));
      log(codeOf(() => fs.ftruncateSync(reading)), codeOf(() => fs.readSync(reading, Buffer.alloc(2), 0, 3)));
      fs.closeSync(reading);
      log(codeOf(() => fs.fsyncSync(reading)), codeOf(() => fs.readFileSync(reading)));`,
    'flags as numbers': `${helpers}
      const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY, O_TRUNC, O_APPEND, O_SYNC } = fs.constants;
      log(fs.constants.S_IFMT & fs.statSync('a.txt').mode, O_CREAT, O_EXCL, O_SYNC, O_APPEND);
      const open = (path, flags, text) => codeOf(() => {
        const fd = fs.openSync(path, flags, 0o600);
        try { return [text && fs.writeSync(fd, text), fs.readFileSync(path, 'utf8'), fs.fstatSync(fd).mode & 0o777] } finally { fs.closeSync(fd) }
      });
      log(open('n.txt', O_RDWR), open('n.txt', O_RDWR | O_CREAT, 'new'), open('n.txt', O_WRONLY | O_CREAT | O_EXCL, 'x'));
      log(open('n.txt', O_WRONLY, 'N'), open('n.txt', O_WRONLY | O_APPEND, '+'), open('n.txt', O_RDONLY, 'x'), open('n.txt', O_RDWR | O_TRUNC | O_SYNC));
      fs.writeFileSync('n.txt', 'abc', { flag: O_WRONLY }); fs.writeFileSync('n.txt', '!', { flag: 'as' });
      log(fs.readFileSync('n.txt', 'utf8'), open('n.txt', 'rs+', 'X'));`,
    callbacks: `${helpers}
      const done = (start) => new Promise((resolve) => start((...args) => resolve(args)));
      log(await done((cb) => fs.exists('a.txt', cb)), await done((cb) => fs.exists('none', cb)));
      const fd = fs.openSync('a.txt', 'r+');
      const buffer = Buffer.alloc(4, '-');
      const [error, count, same] = await done((cb) => fs.read(fd, buffer, 1, 3, 0, cb));
      log(error, count, same === buffer, String(buffer));
      const [, read, own] = await done((cb) => fs.read(fd, { position: 3 }, cb));
      log(read, own.length, String(own.subarray(0, read)));
      const [, written, text] = await done((cb) => fs.write(fd, 'ZZ', 0, cb));
      log(written, text, (await done((cb) => fs.write(fd, buffer, { offset: 1, length: 2 }, cb)))[1], (await done((cb) => fs.readFile('a.txt', cb)))[1].toString('hex'));
      const promisified = Symbol.for('nodejs.util.promisify.custom');
      log(typeof fs.exists[promisified], await fs.exists[promisified]('a.txt'), typeof fs.realpath.native, fs.realpathSync.native('a.txt') === fs.realpathSync('a.txt'));
      fs.closeSync(fd);`,
  }),
);

t.test('a file handle of fs.promises', (t) =>
  compare(t, {
    handles: `${helpers}
      const { open } = require('fs/promises');
      const handle = await open('h.txt', 'w+');
      log(typeof handle.fd, (await handle.write('hello ')).bytesWritten, (await handle.write(Buffer.from('+world'), 1, 5)).bytesWritten);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(8), 0, 8, 4);
      log(bytesRead, String(buffer), (await handle.read({ position: 0 })).bytesRead, (await handle.stat()).size);
      await handle.appendFile('!'); await handle.truncate(3); await handle.sync(); await handle.datasync(); await handle.utimes(1, 2);
      log((await handle.stat()).mtimeMs, fs.readFileSync('h.txt', 'utf8'));
      await handle.close();
      log(handle.fd, await handle.stat().catch((error) => error.code), await open('none').catch((error) => error.code));
      const again = await open('a.txt');
      log(await again.readFile('utf8'), await again.readFile({ encoding: 'utf8' }));
      await again.close(); await again.close();`,
  }),
);

t.test('folders are copied and opened', (t) =>
  compare(t, {
    copies: `${helpers}
      fs.cpSync('from', 'to/there', { recursive: true });
      log(tree('to'), fs.statSync('to/there/one.txt').mode & 0o777);
      fs.writeFileSync('to/there/one.txt', 'changed');
      fs.cpSync('from', 'to/there', { recursive: true, force: false });
      log(tree('to'), codeOf(() => fs.cpSync('from', 'to/there', { recursive: true, force: false, errorOnExist: true })));
      await fs.promises.cp('from', 'to/there', { recursive: true, filter: (from) => !from.endsWith('deep') });
      log(tree('to'));
      fs.cpSync('a.txt', 'new/b.txt', { preserveTimestamps: true });
      log(tree('new'), Math.abs(fs.statSync('a.txt').mtimeMs - fs.statSync('new/b.txt').mtimeMs) < 1);
      for (const args of [['from', 'x'], ['none', 'x'], ['from', 'from/deep/x', { recursive: true }], ['a.txt', 'from'], ['from', 'a.txt', { recursive: true }], ['a.txt', './a.txt']])
        log(codeOf(() => fs.cpSync(...args)));`,
    'opened folders': `${helpers}
      const dir = fs.opendirSync('from');
      const names = [dir.readSync(), dir.readSync(), dir.readSync()].map((entry) => entry && [entry.name, entry.isFile()]);
      log(dir.path, names.sort());
      dir.closeSync();
      log(codeOf(() => dir.readSync()), codeOf(() => fs.opendirSync('none')));
      const seen = [];
      for await (const entry of await fs.promises.opendir('from')) seen.push(entry.name);
      log(seen.sort());
      log(await new Promise((resolve) => fs.opendir('from', (error, opened) => opened.read((failed, entry) => opened.close(() => resolve([failed, typeof entry.name]))))));`,
  }),
);

async function open(t: Test, write: boolean) {
  const tree = makeTree(t, '');
  const runtime: TestRuntime = await openTestRuntime(t);
  runtime.templates.create({ name: 'x', capabilities: [{ kind: 'module', name: 'fs', config: { write } }] });
  const session = await runtime.sessions.create({ template: 'x', worktree: tree });
  const code = (call: string) =>
    runtime.value(session, `try { fs.${call}; 'done' } catch (error) { error.code }`);
  await runtime.value(session, `globalThis.fs = require('fs'); 0`);
  return { tree, code };
}

t.test('what may only be read is changed by no flag and no descriptor', async (t) => {
  const { tree, code } = await open(t, false);
  const { O_TRUNC, O_RDWR, O_CREAT } = { O_TRUNC: 0o1000, O_RDWR: 2, O_CREAT: 0o100 };
  for (const flags of [O_TRUNC, O_RDWR, O_CREAT | O_RDWR])
    t.equal(await code(`openSync('a.txt', ${flags})`), 'EACCES', String(flags));
  t.equal(await code(`openSync('made.txt', ${O_CREAT})`), 'EACCES');
  t.equal(await code(`futimesSync(fs.openSync('a.txt'), 1, 2)`), 'EPERM');
  t.equal(await code(`cpSync('a.txt', 'b.txt')`), 'EACCES');
  t.equal(await code(`cpSync('from', 'to', { recursive: true })`), 'EACCES');
  // O_PATH, O_DIRECTORY, O_TMPFILE, both access modes, and no flags at all.
  for (const flags of [0o10_000_000, 0o200_000, 0o20_200_000, 3, -1, 1.5])
    t.match(await code(`openSync('a.txt', ${flags})`), /^ERR_INVALID_ARG_/, String(flags));
  t.equal(await code(`readFileSync('a.txt')`), 'done');
  symlinkSync('../..', join(tree, 'from', 'out'));
  t.equal(await code(`opendirSync('from/out')`), 'EACCES');
});

t.test('a copy makes no links, and leads nowhere that a script may not', async (t) => {
  const { tree, code } = await open(t, true);
  symlinkSync('../a.txt', join(tree, 'from', 'in'));
  t.equal(await code(`cpSync('from', 'to', { recursive: true })`), 'ENOSYS');
  t.equal(await code(`cpSync('from', 'to2', { recursive: true, dereference: true })`), 'done');
  symlinkSync('/etc/passwd', join(tree, 'from', 'out'));
  t.equal(await code(`cpSync('from', 'to3', { recursive: true, dereference: true })`), 'EACCES');
  t.equal(await code(`cpSync('/etc/passwd', 'x')`), 'EACCES');
  t.equal(await code(`cpSync('a.txt', '../x')`), 'EACCES');
});
