// What a specifier means: files of the worktree by their real path, names by the template, and nothing outside.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { HostModule } from '#src/runtime/capabilities/host-module.js';
import type { HostValue } from '#src/runtime/engine/module-host.js';
import { globalsOf, type HostSide } from '#src/runtime/modules/granted-modules.js';
import { makeWorktree, openTestHost } from '../../fixtures/modules.js';

t.test('a relative path is relative to the file that asks', async (t) => {
  const worktree = makeWorktree(t, { 'sub/b.js': '', 'sub/deep/c.js': '', 'data.json': '{}' });
  const { idOf } = openTestHost(worktree);
  t.equal(idOf('./a.js'), 'a.js');
  t.equal(idOf('./a.js', 'main.js'), 'a.js');
  t.equal(idOf('../a.js', 'sub/b.js'), 'a.js');
  t.equal(idOf('./deep/c.js', 'sub/b.js'), 'sub/deep/c.js');
  t.equal(idOf('./deep/../../a.js', 'sub/b.js'), 'a.js');
  t.equal(idOf('.//sub///b.js'), 'sub/b.js');
  t.equal(idOf('./data.json'), 'data.json');
  t.equal(idOf('./b.js', join(worktree, 'sub/b.js')), 'sub/b.js', 'an absolute name from an editor');
  t.equal(idOf('./a.js', '/elsewhere/x.js'), 'a.js', 'code from elsewhere is at the top');
  t.equal(idOf('./a.js', '../../x.js'), 'a.js');
  t.equal(idOf('./none.js'), 'MODULE_NOT_FOUND');
  t.equal(idOf('./sub'), 'MODULE_NOT_FOUND', 'a folder without an index');
});

t.test('endings are tried in the order of the template, then the index of a folder', async (t) => {
  const worktree = makeWorktree(t, {
    'x.js': '',
    'x.mjs': '',
    'x.ts': '',
    'y.ts': '',
    'both/index.ts': '',
    'both.js': '',
    'folder/index.ts': '',
    'folder/index.mjs': '',
    'x.css': '',
  });
  const { idOf, refusal } = openTestHost(worktree);
  t.equal(idOf('./x'), 'x.js');
  t.equal(idOf('./y'), 'y.ts');
  t.equal(idOf('./both'), 'both.js', 'a file before a folder');
  t.equal(idOf('./both/'), 'both/index.ts');
  t.equal(idOf('./folder'), 'folder/index.mjs');
  t.equal(idOf('.', 'folder/z.js'), 'folder/index.mjs');
  t.equal(idOf('..', 'folder/sub/z.js'), 'folder/index.mjs');
  const other = openTestHost(worktree, { resolver: { extensions: ['.ts', '.js'] } });
  t.equal(other.idOf('./x'), 'x.ts');
  t.equal(other.idOf('./x.mjs'), 'INVALID_PATH', 'an ending that the template does not run');
  t.match(
    refusal('./x.css'),
    'vmsys template update work --resolver.extensions .js,.mjs,.ts,.css',
    'and the message says how it would',
  );
});

t.test('TypeScript may write the ending of what it would compile to', async (t) => {
  const { idOf } = openTestHost(makeWorktree(t, { 'y.ts': '', 'x.js': '', 'x.ts': '' }));
  t.equal(idOf('./y.js', 'main.ts'), 'y.ts');
  t.equal(idOf('./x.js', 'main.ts'), 'x.js', 'where there is none of that name');
  t.equal(idOf('./y.js', 'main.js'), 'MODULE_NOT_FOUND');
});

t.test('two ways to write a path are one module', async (t) => {
  const worktree = makeWorktree(t, { 'sub/b.js': '' });
  symlinkSync('sub', join(worktree, 'folder'));
  symlinkSync('../sub/b.js', join(worktree, 'sub', 'link.js'));
  symlinkSync(join(worktree, 'sub/b.js'), join(worktree, 'absolute.js'));
  const { idOf } = openTestHost(worktree);
  for (const path of ['./sub/b', './folder/b.js', './sub/link.js', './absolute', './sub/../folder/b.js'])
    t.equal(idOf(path), 'sub/b.js', path);
  t.equal(idOf('./b.js', 'folder/b.js'), 'sub/b.js', 'a file that was run by a link');
});

t.test('nothing leads out of the worktree, and nobody learns what lies there (lesson 6)', async (t) => {
  const worktree = makeWorktree(t, { 'sub/b.js': '' });
  const outside = join(dirname(worktree), 'outside');
  const links: Record<string, string> = {
    'out.js': join(outside, 'secret.js'),
    'no-out.js': join(outside, 'nothing.js'),
    'sub/up.js': '../../outside/secret.js',
    'sub/no-up.js': '../../outside/nothing.js',
    way: outside,
    'twice.js': 'out.js',
    'proc.js': '/proc/self/root/etc/passwd',
    'circle.js': 'circle.js',
    'back.js': join(worktree, '../outside/secret.js'),
  };
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(worktree, link));
  const { idOf, refusal } = openTestHost(worktree, {
    resolver: { allowAbsoluteRepoImports: true, roots: ['.'] },
  });
  const ways = [
    ...Object.keys(links)
      .filter((link) => link !== 'way')
      .map((link) => `./${link}`),
    './way/secret.js',
    './way/nothing.js',
    '../outside/secret.js',
    './sub/../../outside/secret.js',
    '/../outside/secret.js',
    '/way/secret.js',
    '..',
    './a.js\0.js',
  ];
  for (const way of ways) {
    t.equal(idOf(way), 'INVALID_PATH', way);
    t.notMatch(refusal(way), outside, 'the place is not named');
  }
  t.equal(idOf('way/secret.js'), 'INVALID_PATH', 'by a root');
  for (const way of ['./%2e%2e/outside/secret.js', './..\\outside\\secret.js', 'x/../../outside/secret.js'])
    t.equal(idOf(way), 'MODULE_NOT_FOUND', way);
  t.equal(idOf(`./${'x'.repeat(5000)}`), 'MODULE_NOT_FOUND');
  t.ok(refusal(`./${'x'.repeat(5000)}`).length < 1000);
});

t.test('a link above the worktree that leads back into it is no way out', async (t) => {
  const worktree = makeWorktree(t, { 'sub/b.js': '' });
  const alias = join(dirname(worktree), 'alias');
  symlinkSync(worktree, alias);
  symlinkSync(join(alias, 'sub'), join(worktree, 'back'));
  const { idOf } = openTestHost(worktree);
  t.equal(idOf('./back/b.js'), 'sub/b.js');
});

t.test('a leading slash is the worktree, where the template says so', async (t) => {
  const worktree = makeWorktree(t, { 'sub/b.js': '' });
  const denied = openTestHost(worktree);
  t.equal(denied.idOf('/sub/b.js'), 'INVALID_PATH');
  t.match(denied.refusal('/sub/b.js'), 'vmsys template update work --resolver.allow-absolute-repo-imports');
  const { idOf } = openTestHost(worktree, { resolver: { allowAbsoluteRepoImports: true } });
  t.equal(idOf('/sub/b.js', 'sub/x.js'), 'sub/b.js');
  t.equal(idOf('//a', 'sub/x.js'), 'a.js');
  t.equal(idOf('/etc/passwd'), 'MODULE_NOT_FOUND');
});

t.test('bare names are looked up in the roots, in their order, and nowhere else', async (t) => {
  const worktree = makeWorktree(t, {
    'lib/one.js': '',
    'vendor/one.js': '',
    'vendor/two/index.js': '',
    'node_modules/left-pad/index.js': '',
    'lib/@scope/x.js': '',
  });
  const { idOf } = openTestHost(worktree, { resolver: { roots: ['lib', 'vendor'] } });
  t.equal(idOf('one'), 'lib/one.js');
  t.equal(idOf('two'), 'vendor/two/index.js');
  t.equal(idOf('@scope/x', 'vendor/two/index.js'), 'lib/@scope/x.js');
  t.equal(idOf('a'), 'MODULE_NOT_FOUND', 'the worktree itself is no root');
  t.equal(idOf('left-pad'), 'MODULE_NOT_FOUND', 'nor is node_modules');
  const { idOf: withPackages } = openTestHost(worktree, { resolver: { roots: ['node_modules'] } });
  t.equal(withPackages('left-pad'), 'node_modules/left-pad/index.js', 'unless the template says so');
  mkdirSync(join(worktree, 'gone'));
  const gone = openTestHost(worktree, { resolver: { roots: ['gone', 'vendor'] } });
  rmSync(join(worktree, 'gone'), { recursive: true });
  t.equal(gone.idOf('one'), 'vendor/one.js', 'a root that is not there has nothing');
});

t.test('libraries come before roots', async (t) => {
  const worktree = makeWorktree(t, { 'lib/lodash.js': '', 'lib/lodash/fp.js': '' });
  const libraries = [{ id: 'lodash@4.17.21', name: 'lodash' }];
  const { idOf } = openTestHost(worktree, { libraries, resolver: { roots: ['lib'] } });
  t.equal(idOf('lodash'), 'lodash@4.17.21');
  t.equal(idOf('lodash/fp'), 'lib/lodash/fp.js');
  const { refusal, idOf: rootless } = openTestHost(worktree, { libraries });
  t.match(refusal('lodash/fp'), 'library lodash@4.17.21 is one file, imported as "lodash"');
  t.equal(rootless('./other.js', 'lodash@4.17.21'), 'MODULE_NOT_FOUND', 'a library is one file');
});

/** A host module `fs` whose functions answer with their name and config. */
const fake: HostModule = {
  open: ({ config, worktree }) => ({
    call: (name) => ({ value: { name, config: config as HostValue, worktree: worktree !== undefined } }),
  }),
};

const side: HostSide = {
  modules: { fs: fake },
  guestCode: (name) => `exports.two = () => host("two") // ${name}`,
  context: {
    environment: () => ({}),
    closed: [],
    leftMs: () => 0,
    run: () => 0,
    outside: () => undefined,
  },
};

t.test('a host module has to be granted, and what is said of it would grant it', async (t) => {
  const worktree = makeWorktree(t, { 'lib/fs.js': '' });
  const denied = openTestHost(worktree, { resolver: { roots: ['lib'] } }, side);
  for (const name of ['fs', 'node:fs', 'fs/promises']) {
    t.equal(denied.idOf(name), 'MODULE_NOT_ALLOWED', 'a file of that name in a root is not it');
    t.match(denied.refusal(name), 'module "fs" is not granted');
    t.match(denied.refusal(name), 'vmsys template add-capability work module fs');
  }
  const capability = { kind: 'module', name: 'fs', enabled: true, config: {} } as const;
  const off = openTestHost(worktree, { capabilities: [{ ...capability, enabled: false }] }, side);
  t.equal(off.idOf('fs'), 'MODULE_NOT_ALLOWED', 'enabled: false means denied');
  for (const [kind, denying] of [
    ['global', 'module'],
    ['module', 'global'],
  ] as const) {
    const capabilities = [
      { ...capability, kind },
      { ...capability, kind: denying, enabled: false },
    ];
    const vetoed = openTestHost(worktree, { capabilities }, side);
    t.equal(vetoed.idOf('fs'), 'MODULE_NOT_ALLOWED', `a disabled ${denying} denies what a ${kind} grants`);
    t.match(vetoed.refusal('fs'), `vmsys template remove-capability work ${denying} fs`);
    t.throws(() => vetoed.call('node:fs', 'two', []), { code: 'MODULE_NOT_FOUND' });
    t.strictSame(globalsOf(capabilities), {}, 'nor is there a variable');
  }
  const other = openTestHost(worktree, { capabilities: [{ ...capability, kind: 'env' }] }, side);
  t.equal(other.idOf('fs'), 'MODULE_NOT_ALLOWED');
  const granted = openTestHost(worktree, { capabilities: [capability] }, side);
  t.equal(granted.idOf('fs'), 'node:fs');
  t.equal(granted.idOf('node:fs'), 'node:fs');
  t.match(granted.load('node:fs'), { format: 'host', filename: 'node:fs', code: /fs$/ });
  t.match(granted.load(granted.idOf('node:fs/promises')), { format: 'host', code: /fs-promises$/ });
  t.strictSame(granted.call('node:fs', 'two', []), { name: 'two', config: {}, worktree: true });
  t.throws(() => denied.call('node:fs', 'two', []), { code: 'MODULE_NOT_FOUND' });
  t.throws(() => granted.call('node:net', 'connect', []), { code: 'MODULE_NOT_FOUND' });
});

t.test('a name that is nothing says what it was not, and how to have it', async (t) => {
  const { idOf, refusal } = openTestHost(makeWorktree(t));
  t.equal(idOf('lodash'), 'MODULE_NOT_FOUND');
  t.match(refusal('lodash'), 'vmsys lib add lodash && vmsys template add-library work lodash');
  t.match(refusal('@scope/pkg/sub'), 'vmsys lib add @scope/pkg && ');
  t.equal(idOf('zlib'), 'MODULE_NOT_ALLOWED', "one of Node's that there is not");
  t.match(refusal('node:zlib'), "one of Node's that vmsysd does not have");
  for (const address of ['https://example.org/x.js', 'file:///etc/passwd', 'data:text/javascript,1'])
    t.match(refusal(address), 'an address', address);
  t.match(refusal(''), 'cannot find module ""');
  t.notMatch(refusal('$(reboot)'), 'lib add', 'nothing strange goes into a command to copy');
});

t.test('without a worktree there are no files', async (t) => {
  const { refusal, idOf } = openTestHost(undefined, {
    resolver: { allowAbsoluteRepoImports: true, roots: ['x'] },
  });
  t.match(refusal('./a.js'), 'the session has no worktree');
  t.match(refusal('/a.js'), 'the session has no worktree');
  t.equal(idOf('a'), 'MODULE_NOT_FOUND');
});
