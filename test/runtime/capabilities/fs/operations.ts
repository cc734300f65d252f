// The file functions behind the guest's `fs`: what is granted is reached, nothing else is, by whatever road.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import type { HostValue } from '#src/runtime/engine/module-host.js';
import { HostError } from '#src/runtime/capabilities/host-module.js';
import { FileOperations } from '#src/runtime/capabilities/fs/operations.js';
import { Reach } from '#src/runtime/capabilities/fs/reach.js';
import type { Capability } from '#src/records/index.js';
import { tempFolder } from '../../../fixtures/temp.js';
import { until } from '../../../fixtures/until.js';

interface World {
  tree: string;
  outside: string;
  clock: { leftMs: number; run: number };
  call: (name: string, ...args: HostValue[]) => HostValue;
  /** The code of the error that it throws. */
  fails: (name: string, ...args: HostValue[]) => string;
  files: FileOperations;
}

interface WorldOptions {
  write?: boolean;
  capabilities?: (folders: { tree: string; outside: string }) => Capability[];
  closed?: (folders: { tree: string; outside: string }) => string[];
  /** What else is to be there before the session is opened. */
  prepare?: (folders: { tree: string; outside: string }) => void;
  maxBytes?: number;
  maxWrittenBytes?: number;
}

/** A worktree beside a folder with a secret. */
function makeWorld(t: Test, options: WorldOptions = {}): World {
  const folder = realpathSync(tempFolder(t));
  const tree = join(folder, 'tree');
  const outside = join(folder, 'tree-outside');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(tree, 'a.txt'), 'a');
  writeFileSync(join(tree, 'sub', 'b.txt'), 'bb');
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  const {
    write = true,
    capabilities,
    closed,
    maxBytes = 1024 * 1024,
    maxWrittenBytes = 4 * 1024 * 1024,
  } = options;
  options.prepare?.({ tree, outside });
  const clock = { leftMs: 1000, run: 1 };
  const granted = capabilities?.({ tree, outside }) ?? [];
  const reach = new Reach({
    worktree: tree,
    write,
    capabilities: granted,
    closed: closed?.({ tree, outside }) ?? [],
  });
  const files = new FileOperations({
    place: { reach, base: tree, template: 'demo', worktree: tree, module: 'fs', capabilities: granted },
    maxBytes,
    maxWrittenBytes,
    leftMs: () => clock.leftMs,
    run: () => clock.run,
  });
  t.teardown(() => files.close());
  const call: World['call'] = (name, ...args) => files.call(name, args).value;
  const fails: World['fails'] = (name, ...args) => {
    try {
      return `no error, but ${JSON.stringify(call(name, ...args))}`;
    } catch (error) {
      if (error instanceof HostError) return error.code;
      throw error;
    }
  };
  return { tree, outside, clock, call, fails, files };
}

const grant = (name: string, write = false): Capability => ({
  kind: 'fs',
  name,
  enabled: true,
  config: { write },
});

t.test('files of the worktree are read and written by relative and absolute paths', async (t) => {
  const { tree, call } = makeWorld(t);
  t.equal(call('readFile', 'a.txt', 'utf8'), 'a');
  t.equal(call('readFile', join(tree, 'sub/../a.txt'), 'utf8'), 'a');
  t.same(call('readFile', 'a.txt', null), new Uint8Array([97]));
  call('writeFile', 'new.txt', 'é', 'utf8', 'w', 0o666);
  t.equal(readFileSync(join(tree, 'new.txt'), 'utf8'), 'é');
  call('writeFile', 'new.txt', 'x', 'utf8', 'a', 0o666);
  t.equal(readFileSync(join(tree, 'new.txt'), 'utf8'), 'éx');
  call('writeFile', 'new.txt', new Uint8Array([1, 2]), 'utf8', 'w', 0o666);
  t.same(call('readFile', 'new.txt', 'hex'), '0102');
  t.equal((call('stat', 'sub') as { kind: string }).kind, 'directory');
  t.same((call('readdir', '.', true) as [string, string][]).map(([name]) => name).toSorted(), [
    'a.txt',
    'new.txt',
    'sub',
    'sub/b.txt',
  ]);
});

t.test('folders are made, moved and removed', async (t) => {
  const { tree, call, fails } = makeWorld(t);
  t.equal(call('mkdir', 'x/y/z', true, 0o777), join(tree, 'x'));
  t.equal(call('mkdir', 'x/y/z', true, 0o777), undefined);
  t.equal(fails('mkdir', 'x', false, 0o777), 'EEXIST');
  t.equal(fails('mkdir', 'n/m', false, 0o777), 'ENOENT');
  t.equal(fails('mkdir', 'a.txt/n', true, 0o777), 'ENOTDIR');
  t.equal(fails('mkdir', 'a.txt', true, 0o777), 'EEXIST');
  call('writeFile', 'x/y/z/f', 'f', 'utf8', 'wx', 0o600);
  t.equal(fails('writeFile', 'x/y/z/f', 'f', 'utf8', 'wx', 0o600), 'EEXIST');
  call('rename', 'x/y', 'moved');
  t.equal(call('readFile', 'moved/z/f', 'utf8'), 'f');
  t.equal(fails('rmdir', 'moved'), 'ENOTEMPTY');
  t.equal(fails('rm', 'moved', false, false), 'ERR_FS_EISDIR');
  call('rm', 'moved', true, false);
  t.notOk(existsSync(join(tree, 'moved')));
  t.equal(fails('rm', 'moved', true, false), 'ENOENT');
  call('rm', 'moved', true, true);
  call('copyFile', 'a.txt', 'c.txt', false);
  t.equal(fails('copyFile', 'a.txt', 'c.txt', true), 'EEXIST');
  t.equal(call('readFile', 'c.txt', 'utf8'), 'a');
  call('unlink', 'c.txt');
  const made = call('mkdtemp', 'tmp-') as string;
  t.match(made, /^tmp-.{6}$/);
  t.ok(statSync(join(tree, made)).isDirectory());
});

t.test('descriptors read and write where they are told to, and are bounded', async (t) => {
  const { call, fails } = makeWorld(t);
  const file = call('open', 'f', 'w+', 0o666);
  t.equal(call('write', file, 'hello', 'utf8', null), 5);
  t.equal(call('write', file, 'J', 'utf8', 0), 1);
  t.same(Buffer.from(call('read', file, 10, 0) as Uint8Array).toString(), 'Jello');
  call('close', file);
  t.equal(fails('read', file, 1, null), 'EBADF');
  t.equal(fails('close', 0), 'EBADF', 'a descriptor of the daemon is not the script’s');
  for (let count = 0; count < 64; count++) call('open', 'a.txt', 'r', 0);
  t.equal(fails('open', 'a.txt', 'r', 0), 'EMFILE');
});

t.test('what lies outside is not reached, and whether it is there is not told', async (t) => {
  const { tree, outside, fails } = makeWorld(t);
  symlinkSync(join(outside, 'secret.txt'), join(tree, 'link'));
  symlinkSync(outside, join(tree, 'folder'));
  symlinkSync('/', join(tree, 'root'));
  symlinkSync(join(outside, 'new.txt'), join(tree, 'dangling'));
  const paths = [
    join(outside, 'secret.txt'),
    join(outside, 'nothing.txt'),
    '../tree-outside/secret.txt',
    'sub/../../tree-outside/secret.txt',
    './././../tree-outside/secret.txt',
    'link',
    'folder/secret.txt',
    `root${outside}/secret.txt`,
    '/etc/passwd',
    join('/proc/self', 'root', 'etc/passwd'),
    '/proc/self/environ',
    '/proc/self/cwd',
    '/proc/1/cmdline',
    '/dev/stdin',
    '/dev/zero',
    '/dev/fd/0',
    '/sys/kernel',
    `/proc/self/root${tree}/a.txt`.replace('/self/', '/thread-self/'),
  ];
  for (const path of paths.slice(0, -1)) {
    for (const name of ['stat', 'readlink', 'realpath', 'unlink', 'rmdir']) {
      if ((path === 'link' || path === 'folder') && name !== 'stat' && name !== 'realpath') continue;
      t.equal(fails(name, path), 'EACCES', `${name} ${path}`);
    }
    t.equal(fails('readFile', path, 'utf8'), 'EACCES', `readFile ${path}`);
    t.equal(fails('writeFile', path, 'x', 'utf8', 'w', 0o666), 'EACCES', `writeFile ${path}`);
    t.equal(fails('chmod', path, 0o777), 'EACCES', `chmod ${path}`);
    t.equal(fails('copyFile', path, 'copy', false), 'EACCES', `copyFile ${path}`);
    t.equal(
      fails('rename', 'a.txt', path === 'link' || path === 'folder' ? `${path}/x` : path),
      'EACCES',
      `rename to ${path}`,
    );
  }
  t.equal(
    fails('writeFile', 'dangling', 'x', 'utf8', 'w', 0o666),
    'EACCES',
    'a link to nothing is not followed',
  );
  t.notOk(existsSync(join(outside, 'new.txt')));
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
  t.same(readdirSync(outside), ['secret.txt']);
  // A way round that ends inside is no way out.
  t.equal(fails('readFile', `/proc/thread-self/root${tree}/a.txt`, 'utf8').startsWith('no error'), true);
});

t.test('the name of a file outside in any encoding is only a name', async (t) => {
  const { fails } = makeWorld(t);
  for (const path of [
    '..%2ftree-outside%2fsecret.txt',
    '%2e%2e/tree-outside/secret.txt',
    '..\\tree-outside',
    '．．/x',
    '..\u2215x',
  ])
    t.equal(fails('readFile', path, 'utf8'), 'ENOENT', path);
  t.equal(fails('readFile', 'a.txt\0.png', 'utf8'), 'ERR_INVALID_ARG_VALUE');
  t.equal(fails('readFile', '', 'utf8'), 'ENOENT');
  t.equal(fails('readFile', 'x'.repeat(300), 'utf8'), 'ENAMETOOLONG');
  t.equal(fails('readFile', 'x'.repeat(5000), 'utf8'), 'ERR_INVALID_ARG_TYPE');
  t.equal(fails('readFile', 5, 'utf8'), 'ERR_INVALID_ARG_TYPE');
  t.equal(fails('readFile', 'a.txt'), 'ERR_INVALID_ARG_TYPE');
  t.equal(fails('constructor', 'a.txt'), 'ENOSYS');
});

t.test('a worktree is read only unless the template says write', async (t) => {
  const { tree, fails, call } = makeWorld(t, { write: false });
  t.equal(call('readFile', 'a.txt', 'utf8'), 'a');
  for (const [name, ...args] of [
    ['writeFile', 'a.txt', 'x', 'utf8', 'w', 0o666],
    ['writeFile', 'n.txt', 'x', 'utf8', 'w', 0o666],
    ['open', 'a.txt', 'r+', 0],
    ['open', 'n.txt', 'a', 0],
    ['mkdir', 'n', false, 0o777],
    ['mkdir', 'n/m', true, 0o777],
    ['mkdtemp', 'n'],
    ['rename', 'a.txt', 'b.txt'],
    ['copyFile', 'a.txt', 'b.txt', false],
    ['rm', 'sub', true, true],
    ['unlink', 'a.txt'],
    ['rmdir', 'sub'],
    ['truncate', 'a.txt', 0],
    ['chmod', 'a.txt', 0o777],
    ['utimes', 'a.txt', 1, 1],
    ['access', 'a.txt', 2],
  ] as const) {
    t.equal(fails(name, ...args), 'EACCES', name);
  }
  t.same(readdirSync(tree).toSorted(), ['a.txt', 'sub']);
});

/** The error that it throws. */
function caught(work: () => unknown): HostError {
  try {
    work();
  } catch (error) {
    if (error instanceof HostError) return error;
  }
  throw new Error('expected a HostError');
}

t.test('the error of a denied call says what would grant it', async (t) => {
  const module = { kind: 'module', name: 'fs', enabled: true, config: { maxBytes: 9 } } as const;
  const { outside, call } = makeWorld(t, { write: false, capabilities: () => [module] });
  const read = caught(() => call('readFile', join(outside, 'secret.txt'), 'utf8'));
  t.match(read.message, `vmsys template add-capability demo fs ${outside}/secret.txt,`);
  t.ok(read.denied);
  const write = caught(() => call('writeFile', 'a.txt', 'x', 'utf8', 'w', 0o666));
  t.match(
    write.message,
    `vmsys template add-capability demo module fs --config '{"maxBytes":9,"write":true}'`,
  );
  t.ok(write.denied);
});

t.test('what a denied call suggests runs nothing in a shell, whatever its path', async (t) => {
  const { outside, call } = makeWorld(t);
  for (const name of [
    '$(touch pwned)',
    '`touch pwned`',
    "a'; touch pwned; '",
    'a"; touch pwned; "',
    '!!\n',
  ]) {
    const { message } = caught(() => call('stat', join(outside, name)));
    const [, command = ''] = /to grant it to new sessions: (.*), stat '/s.exec(message) ?? [];
    const words = execFileSync('sh', ['-c', `vmsys() { printf '%s\\0' "$@"; }; ${command}`], {
      cwd: outside,
    });
    t.equal(String(words), ['template', 'add-capability', 'demo', 'fs', join(outside, name), ''].join('\0'));
  }
  t.same(readdirSync(outside), ['secret.txt']);
});

t.test('an error names the path that was written, whatever is there', async (t) => {
  const { tree, outside, call } = makeWorld(t);
  symlinkSync(outside, join(tree, 'out'));
  symlinkSync(join(outside, 'secret.txt'), join(outside, 'another'));
  mkdirSync(join(outside, 'folder'));
  const calls: [string, ...HostValue[]][] = [
    ...['stat', 'lstat', 'readlink', 'realpath', 'unlink', 'rmdir'].map((name): [string] => [name]),
    ['readFile', 'utf8'],
    ['writeFile', 'x', 'utf8', 'w', 0o666],
    ['mkdir', true, 0o777],
    ['readdir', false],
    ['rm', true, true],
    ['chmod', 0o777],
  ];
  for (const [name, ...args] of calls) {
    const told = (file: string): string => {
      const { code, message, fields } = caught(() => call(name, `out/${file}`, ...args));
      return JSON.stringify([code, message, fields]).replaceAll(file, 'NAME');
    };
    const absent = told('absent');
    t.notMatch(absent, outside, name);
    for (const file of ['secret.txt', 'another', 'folder']) t.equal(told(file), absent, `${name} ${file}`);
  }
  t.equal(
    caught(() => call('stat', 'out/secret.txt')).target,
    join(outside, 'secret.txt'),
    'the ledger has it',
  );
  t.match(
    caught(() => call('rm', 'out/secret.txt', true, true)).message,
    `fs ${tree}/out/secret.txt --config`,
  );
});

t.test('a link that a grant goes through stays', async (t) => {
  const { tree, call } = makeWorld(t, {
    prepare: ({ tree, outside }) => symlinkSync(outside, join(tree, 'lnk')),
    capabilities: ({ tree }) => [grant(join(tree, 'lnk'), true), grant(join(tree, 'made', 'later'), true)],
  });
  for (const [name, ...args] of [['unlink'], ['rm', true, true], ['rmdir'], ['rename', 'x']] as const)
    t.throws(
      () => call(name, 'lnk', ...args),
      { code: 'EBUSY', message: /^EBUSY: .*: a grant holds this name, .*'.*\/lnk'$/, fields: { errno: -16 } },
      name,
    );
  t.equal(call('readFile', 'lnk/secret.txt', 'utf8'), 'secret');
  call('mkdir', 'made/later', true, 0o777);
  t.ok(statSync(join(tree, 'made/later')).isDirectory(), 'what is not there yet can be made');
});

t.test('a grant reaches a folder or one file, for reading or for writing', async (t) => {
  const { outside, call, fails } = makeWorld(t, {
    capabilities: ({ outside }) => [grant(join(outside, 'secret.txt')), grant(join(outside, 'w'), true)],
  });
  t.equal(call('readFile', join(outside, 'secret.txt'), 'utf8'), 'secret');
  t.equal(fails('writeFile', join(outside, 'secret.txt'), 'x', 'utf8', 'w', 0), 'EACCES');
  t.equal(fails('readdir', outside, false), 'EACCES');
  t.equal(fails('readFile', join(outside, 'secret.txt.bak'), 'utf8'), 'EACCES');
  t.equal(fails('readFile', join(outside, 'w/n'), 'utf8'), 'ENOENT', 'of what is granted it may be told');
  call('mkdir', join(outside, 'w'), false, 0o777);
  call('writeFile', join(outside, 'w/n'), 'x', 'utf8', 'w', 0o666);
  t.equal(readFileSync(join(outside, 'w/n'), 'utf8'), 'x');
});

t.test('a granted folder outside is made and copied into, with nothing around it granted', async (t) => {
  const { outside, call, fails, files } = makeWorld(t, {
    capabilities: ({ outside }) => [grant(join(outside, 'w'), true), grant(join(outside, 'far/w'), true)],
  });
  const make = (path: string) => call('mkdir', join(outside, path), true, 0o777);
  t.equal(make('w/x/y'), join(outside, 'w'));
  t.equal(make('w/x/z'), join(outside, 'w/x/z'));
  t.equal(make('w'), undefined, 'it is there');
  t.ok(existsSync(join(outside, 'w/x/y')));
  t.equal(call('realpath', join(outside, 'w/none/x'), 'write'), join(outside, 'w/none/x'));
  t.equal(fails('writeFile', join(outside, 'far/w'), 'x', 'utf8', 'w', 0o666), 'ENOENT');
  for (const [path, missing] of [
    ['far/w/x', 'far'],
    ['other/x', 'other/x'],
    ['w/../x', 'x'],
  ] as const) {
    const { message, ledger, denied } = caught(() => files.call('mkdir', [join(outside, path), true, 0o777]));
    t.match(message, `fs ${join(outside, missing)} --config '{"write":true}'`);
    t.match({ ledger, denied }, { ledger: { write: true }, denied: true });
  }
  t.match(
    caught(() => call('realpath', join(outside, 'other/x'), 'write')),
    { message: /--config '\{"write":true\}'/, ledger: { write: true } },
  );
  t.same(readdirSync(outside).toSorted(), ['secret.txt', 'w']);
});

t.test('a disabled grant grants nothing', async (t) => {
  const { outside, fails } = makeWorld(t, {
    capabilities: ({ outside }) => [{ ...grant(outside), enabled: false }],
  });
  t.equal(fails('readFile', join(outside, 'secret.txt'), 'utf8'), 'EACCES');
});

t.test('the daemon’s own folders are closed, whatever is granted', async (t) => {
  const { tree, call, fails } = makeWorld(t, {
    capabilities: () => [grant('/', true)],
    closed: ({ tree }) => [join(tree, 'sub')],
  });
  t.equal(call('readFile', 'a.txt', 'utf8'), 'a');
  t.equal(fails('readFile', 'sub/b.txt', 'utf8'), 'EACCES');
  t.equal(fails('readdir', 'sub', false), 'EACCES');
  t.equal(fails('rename', 'sub', 'elsewhere'), 'EACCES');
  t.equal(fails('rm', tree, true, true), 'EACCES');
  t.equal(fails('rename', tree, `${tree}2`), 'EACCES');
  t.notMatch(JSON.stringify(call('readdir', '.', true)), /b\.txt/);
  t.equal(fails('readFile', '/proc/self/environ', 'utf8'), 'EACCES');
  t.equal(fails('readdir', '/dev', false), 'EACCES');
  t.ok(existsSync(join(tree, 'sub/b.txt')));
});

t.test('FIFOs, sockets and devices are not opened', async (t) => {
  const { tree, fails, call } = makeWorld(t);
  execFileSync('mkfifo', [join(tree, 'fifo')]);
  t.equal(fails('readFile', 'fifo', 'utf8'), 'ENXIO');
  t.equal(fails('writeFile', 'fifo', 'x', 'utf8', 'w', 0o666), 'ENXIO');
  t.equal((call('stat', 'fifo') as { kind: string }).kind, 'other');
  t.equal(fails('copyFile', 'fifo', 'c', false), 'ENXIO');
  t.equal(fails('readFile', 'sub', 'utf8'), 'EISDIR');
  call('unlink', 'fifo');
});

t.test('sizes are bounded: of one call, and of what an execution writes', async (t) => {
  const { tree, outside, clock, call, fails } = makeWorld(t, { maxBytes: 1000, maxWrittenBytes: 2500 });
  writeFileSync(join(tree, 'big'), '');
  truncateSync(join(tree, 'big'), 2 ** 40);
  t.equal(fails('readFile', 'big', 'utf8'), 'ERR_FS_FILE_TOO_LARGE');
  t.equal(fails('copyFile', 'big', 'c', false), 'ERR_FS_FILE_TOO_LARGE');
  t.equal(fails('writeFile', 'x', 'x'.repeat(1001), 'utf8', 'w', 0), 'ERR_FS_FILE_TOO_LARGE');
  t.equal(fails('truncate', 'a.txt', 2 ** 40), 'ERR_FS_FILE_TOO_LARGE');
  const file = call('open', 'a.txt', 'r', 0);
  t.equal(fails('read', file, 1001, null), 'ERR_FS_FILE_TOO_LARGE');
  for (const path of [join(outside, 'x'), 'none/x'])
    t.match(fails('writeFile', path, 'x'.repeat(1000), 'utf8', 'w', 0o666), /^(?:EACCES|ENOENT)$/);
  call('writeFile', 'x', 'x'.repeat(1000), 'utf8', 'w', 0o666);
  call('writeFile', 'x', 'x'.repeat(1000), 'utf8', 'w', 0o666);
  t.throws(() => call('writeFile', 'x', 'x'.repeat(1000), 'utf8', 'w', 0o666), {
    code: 'EDQUOT',
    message: /more than 2500, .*\(config\.maxWrittenBytes\), write 'x'$/,
    fields: { syscall: 'write', path: 'x', errno: -122 },
  });
  t.equal(statSync(join(tree, 'x')).size, 1000);
  call('writeFile', 'y', 'x'.repeat(500), 'utf8', 'w', 0o666);
  t.equal(fails('writeFile', 'y', 'x', 'utf8', 'w', 0o666), 'EDQUOT', 'what was refused does not count');
  clock.run += 1;
  call('writeFile', 'x', 'x'.repeat(1000), 'utf8', 'w', 0o666);
});

t.test('a long walk ends with the time of its execution', async (t) => {
  const { clock, fails } = makeWorld(t);
  clock.leftMs = 0;
  t.equal(fails('readdir', '.', true), 'ETIMEDOUT');
  t.equal(fails('rm', 'sub', true, false), 'ETIMEDOUT');
});

t.test('links inside are links: told, followed, removed, and never followed to remove', async (t) => {
  const { tree, outside, call } = makeWorld(t);
  symlinkSync('sub/b.txt', join(tree, 'in'));
  symlinkSync(outside, join(tree, 'sub', 'out'));
  t.equal(call('readFile', 'in', 'utf8'), 'bb');
  t.equal(call('readlink', 'in'), 'sub/b.txt');
  t.equal((call('lstat', 'in') as { kind: string }).kind, 'symlink');
  t.equal(call('realpath', 'in'), join(tree, 'sub/b.txt'));
  call('writeFile', 'in', 'through', 'utf8', 'w', 0o666);
  t.equal(readFileSync(join(tree, 'sub/b.txt'), 'utf8'), 'through');
  t.ok(lstatSync(join(tree, 'in')).isSymbolicLink());
  call('rm', 'sub', true, false);
  t.same(readdirSync(outside), ['secret.txt'], 'the tree behind the link is left alone');
});

t.test('a mode never gives away another’s rights', async (t) => {
  const { tree, call } = makeWorld(t);
  call('writeFile', 'program', 'x', 'utf8', 'w', 0o6755);
  call('chmod', 'program', 0o6755);
  t.equal(statSync(join(tree, 'program')).mode & 0o7000, 0);
  call('mkdir', 'sticky', false, 0o7777);
  t.equal(statSync(join(tree, 'sticky')).mode & 0o6000, 0);
});

t.test('a link that is swapped during use never leads out', async (t) => {
  const { tree, outside, call } = makeWorld(t);
  mkdirSync(join(tree, 'real'));
  writeFileSync(join(tree, 'real', 'secret.txt'), 'harmless');
  const swapped = join(tree, 'swapped');
  symlinkSync(join(tree, 'real'), swapped);
  const state = new SharedArrayBuffer(8);
  const flag = new Int32Array(state);
  const swapper = new Worker(new URL('../../../fixtures/link-swapper.mjs', import.meta.url), {
    workerData: { path: swapped, targets: [join(tree, 'real'), outside], state },
    execArgv: [],
  });
  const ended = new Promise((resolve) => swapper.once('exit', resolve));
  await until('the swapper at work', () => Atomics.load(flag, 1) > 10);
  const seen = { harmless: 0, denied: 0 };
  const attempt = (work: () => void): void => {
    try {
      work();
      seen.harmless += 1;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      seen.denied += 1;
    }
  };
  for (let round = 0; round < 3000; round++) {
    attempt(() => {
      const text = call('readFile', 'swapped/secret.txt', 'utf8');
      if (text !== 'harmless') throw new Error(`read ${JSON.stringify(text)}`);
    });
    attempt(() => call('writeFile', 'swapped/new.txt', 'x', 'utf8', 'w', 0o666));
    attempt(() => call('mkdir', 'swapped/made', true, 0o777));
    attempt(() => call('rm', 'swapped/made', true, false));
    attempt(() => call('rename', 'swapped/new.txt', 'swapped/newer.txt'));
    attempt(() => call('chmod', 'swapped/secret.txt', 0o600 + (round % 8)));
    attempt(() => {
      const names = JSON.stringify(call('readdir', 'swapped', true));
      if (!names.includes('secret')) throw new HostError('ENOENT', 'nothing there');
    });
  }
  Atomics.store(flag, 0, 1);
  await ended;
  t.ok(seen.harmless > 100 && seen.denied > 100, `both were met: ${JSON.stringify(seen)}`);
  t.same(readdirSync(outside), ['secret.txt']);
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
});

t.test('a link to nothing inside is not followed to make it', async (t) => {
  const { tree, fails } = makeWorld(t);
  symlinkSync('nothing', join(tree, 'dangling'));
  t.equal(fails('readFile', 'dangling', 'utf8'), 'ENOENT');
  t.equal(fails('writeFile', 'dangling', 'x', 'utf8', 'w', 0o666), 'ELOOP');
  symlinkSync('round', join(tree, 'round'));
  t.equal(fails('readFile', 'round', 'utf8'), 'ELOOP');
});

t.test('a hard link is the file itself: who may make one could copy it', async (t) => {
  const { tree, outside, call } = makeWorld(t);
  linkSync(join(outside, 'secret.txt'), join(tree, 'hard'));
  t.equal(call('readFile', 'hard', 'utf8'), 'secret');
});
