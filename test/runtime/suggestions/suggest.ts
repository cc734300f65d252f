// A ledger to the smallest set of capabilities that covers it.
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Capability, CapabilityInput, HostCall } from '#src/records/index.js';
import { Reach } from '#src/runtime/capabilities/fs/reach.js';
import { requireCapability } from '#src/runtime/capabilities/require-capability.js';
import { suggestCapabilities, type SuggestionContext } from '#src/runtime/suggestions/suggest.js';

const worktree = '/nowhere/work';
const home = homedir();
const context: SuggestionContext = { worktree, home, closed: [], granted: [], realPath: (path) => path };

const call = (module: string, name: string, target: string, more: Partial<HostCall> = {}): HostCall => ({
  module,
  call: name,
  target,
  allowed: true,
  ms: 0,
  ...more,
});
const denied = (module: string, name: string, target: string, more: Partial<HostCall> = {}): HostCall =>
  call(module, name, target, { allowed: false, ...more });
const suggest = (calls: HostCall[], more: Partial<SuggestionContext> = {}) =>
  suggestCapabilities(calls, { ...context, ...more });
const toCapability = ({ kind, name, enabled = true, config = {} }: CapabilityInput): Capability => ({
  kind,
  name,
  enabled,
  config,
});

t.test('files of the worktree need the module, and write only where something was written', async (t) => {
  const read = [
    call('fs', 'readFile', 'a.csv'),
    call('fs', 'readdir', '.'),
    denied('fs', 'import', 'node:fs'),
  ];
  t.strictSame(suggest(read).capabilities, [{ kind: 'module', name: 'fs' }]);
  const written = [{ kind: 'module', name: 'fs', config: { write: true } }];
  for (const write of [
    call('fs', 'writeFile', 'out.txt'),
    denied('fs', 'mkdir', `${worktree}/out`, { write: true }),
    call('fs', 'open', 'out.txt', { write: true }),
    call('fs', 'copyFile', '/etc/hosts', { path: 'hosts' }),
  ]) {
    t.strictSame(suggest([...read, write]).capabilities.slice(0, 1), written, write.call);
  }
  t.strictSame(suggest([call('fs', 'open', 'in.txt', { write: false })]).capabilities, [
    { kind: 'module', name: 'fs' },
  ]);
});

t.test('requests need their origin, and their methods where they do more than read', async (t) => {
  const calls = [
    call('net', 'fetch', 'GET https://a.example/x'),
    call('net', 'response', 'GET https://a.example/x', { bytes: 5 }),
    denied('net', 'fetch', 'POST http://127.0.0.1:8080/y'),
    call('net', 'redirect', 'HEAD http://127.0.0.1:8080/z'),
    denied('net', 'fetch', 'CONNECT https://b.example/'),
    denied('net', 'import', 'vmsys:net'),
    call('net', 'fetch', ''),
  ];
  const config = { timeoutMs: 5 };
  const granted = [
    toCapability({ kind: 'net', name: 'https://a.example', config: { ...config, methods: ['PUT', 'GET'] } }),
    toCapability({ kind: 'net', name: 'https://unused.example' }),
  ];
  const { capabilities, unused, uncovered } = suggest(calls, { granted });
  t.strictSame(capabilities, [
    { kind: 'net', name: 'https://a.example', config },
    { kind: 'net', name: 'http://127.0.0.1:8080', config: { methods: ['HEAD', 'POST'] } },
  ]);
  for (const capability of capabilities) t.doesNotThrow(() => requireCapability(toCapability(capability)));
  t.strictSame(unused, [{ kind: 'net', name: 'https://unused.example' }]);
  t.equal(uncovered.length, 2);
});

t.test('what lies outside gets a grant of its own, in the home after ~', async (t) => {
  const { capabilities } = suggest([
    call('fs', 'readFile', '/etc/hosts'),
    call('fs', 'readFile', '../other/x'),
    denied('fs', 'writeFile', `${home}/out/y`, { write: true }),
    call('fs', 'rename', '/data/a', { path: '/data/b' }),
  ]);
  t.match(suggest([call('fs', 'rmdir', `${home}/x`)]), {
    capabilities: [{ name: 'fs' }],
    uncovered: [{ reason: /the home/ }],
  });
  t.strictSame(capabilities.slice(1), [
    { kind: 'fs', name: '/data', config: { write: true } },
    { kind: 'fs', name: '/etc/hosts' },
    { kind: 'fs', name: '/nowhere/other/x' },
    { kind: 'fs', name: '~/out/y', config: { write: true } },
  ]);
});

t.test('a link counts as what it leads to, but not where the link itself is meant', async (t) => {
  const realPath = (path: string) => path.replace(`${worktree}/link`, '/far/away');
  const names = (name: string) =>
    suggest([call('fs', name, 'link')], { realPath }).capabilities.map(({ name: granted }) => granted);
  t.strictSame(names('readFile'), ['fs', '/far/away']);
  t.strictSame(names('stat'), ['fs', '/far/away']);
  t.strictSame(names('readlink'), ['fs']);
  t.strictSame(names('unlink'), ['fs']);
});

t.test('programs are allowed by their name, and by the command where they have one', async (t) => {
  const allow = (...targets: string[]) =>
    suggest(targets.map((target) => call('exec', 'run', target))).capabilities[0]?.config?.['allow'];
  t.strictSame(allow('git log --oneline', 'git status', 'git log'), ['git log', 'git status']);
  t.strictSame(allow('git log', 'git -C x log'), ['git']);
  t.strictSame(allow('wc -l a.txt', '/usr/bin/env', 'echo "hello world"'), ['/usr/bin/env', 'echo', 'wc']);
  t.strictSame(allow(...'abcdefghi'.split('').map((word) => `make ${word}`)), ['make'], 'too many to list');
  t.strictSame(
    suggest([denied('exec', 'run', 'HOME= LANG= git log', { path: '/srv/repo' })]).capabilities,
    [
      { kind: 'module', name: 'exec', config: { allow: ['git log'] } },
      { kind: 'fs', name: '/srv/repo' },
      { kind: 'env', name: 'HOME' },
      { kind: 'env', name: 'LANG' },
    ],
    'its folder and variables as well',
  );
  t.match(suggest([denied('exec', 'import', 'child_process')]), {
    capabilities: [],
    uncovered: [{ module: 'exec', call: 'import', reason: /none was run/ }],
  });
});

t.test('databases need what opening them needs', async (t) => {
  t.strictSame(suggest([call('database', 'open', ':memory:')]).capabilities, [
    { kind: 'module', name: 'database' },
  ]);
  t.strictSame(
    suggest([
      call('database', 'open', 'a.db', { write: true }),
      call('database', 'exec', 'a.db: DELETE FROM x'),
      denied('database', 'open', '/srv/b.db', { write: false }),
    ]).capabilities,
    [
      { kind: 'module', name: 'database', config: { write: true } },
      { kind: 'fs', name: '/srv/b.db' },
    ],
  );
});

t.test('what no capability allows is said, with the reason', async (t) => {
  const { capabilities, uncovered } = suggest(
    [
      denied('fs', 'readFile', '/proc/self/environ'),
      denied('fs', 'rm', '/var', { write: true }),
      denied('fs', 'readFile', '/var/state/vmsys.db'),
      denied('database', 'exec', "ATTACH 'x' AS y"),
      denied('cluster', 'import', 'cluster'),
      denied('fs', 'readFile', `/${'x'.repeat(1023)}`),
    ],
    { closed: ['/var/state'] },
  );
  t.match(capabilities, [{ name: 'fs' }, { name: 'database' }]);
  t.equal(capabilities.length, 2);
  t.match(uncovered, [
    { target: '/proc/self/environ', reason: /no grant reaches/ },
    { target: '/var', reason: /no grant reaches/ },
    { target: '/var/state/vmsys.db' },
    { target: "ATTACH 'x' AS y", reason: /always refused/ },
    { module: 'cluster' },
    { reason: /longer/ },
  ]);
  t.match(
    suggest([call('fs', 'stat', 'x'), denied('fs', 'stat', '/no-worktree/y')], { worktree: undefined }),
    {
      capabilities: [{ kind: 'module', name: 'fs' }],
      uncovered: [{ reason: /no worktree/ }, { reason: /no worktree/ }],
    },
  );
});

t.test('what leaves no trace stays, bounds too, and what was not used is named', async (t) => {
  const granted = [
    { kind: 'module', name: 'path' },
    { kind: 'global', name: 'Buffer' },
    { kind: 'global', name: 'fs', config: { write: true, maxBytes: 5 } },
    { kind: 'module', name: 'exec', config: { allow: ['ls', 'rm'], timeoutMs: 9 } },
    { kind: 'module', name: 'database' },
    { kind: 'fs', name: '/srv' },
    { kind: 'env', name: 'HOME' },
    { kind: 'env', name: 'LANG', enabled: false },
  ] satisfies CapabilityInput[];
  const calls = [call('fs', 'readFile', 'a'), call('exec', 'run', 'ls -l')];
  const { capabilities, unused } = suggest(calls, { granted: granted.map(toCapability) });
  t.strictSame(capabilities, [
    { kind: 'global', name: 'fs', config: { maxBytes: 5 } },
    { kind: 'module', name: 'path' },
    { kind: 'global', name: 'Buffer' },
    { kind: 'module', name: 'exec', config: { timeoutMs: 9, allow: ['ls'] } },
    { kind: 'env', name: 'HOME' },
    { kind: 'env', name: 'LANG', enabled: false },
  ]);
  t.strictSame(unused, [
    { kind: 'module', name: 'database' },
    { kind: 'fs', name: '/srv' },
  ]);
});

t.test('what the template denies stays denied, and is not suggested', async (t) => {
  const granted = [
    { kind: 'module', name: 'exec', config: { allow: ['env'] } },
    { kind: 'global', name: 'fs', enabled: false },
    { kind: 'env', name: 'HOME', enabled: false },
    { kind: 'net', name: 'https://a.example', enabled: false },
  ] satisfies CapabilityInput[];
  const calls = [
    denied('fs', 'import', 'fs'),
    denied('exec', 'run', 'HOME= env'),
    denied('net', 'fetch', 'GET https://a.example/x'),
    call('exec', 'run', 'env'),
  ];
  const { capabilities, uncovered } = suggest(calls, { granted: granted.map(toCapability) });
  t.strictSame(capabilities, granted);
  t.match(uncovered, [{ module: 'fs' }, { module: 'exec' }, { module: 'net' }]);
});

const part = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
const anyPath = fc
  .tuple(
    fc.constantFrom('', '/', '/srv/', `${home}/`, '../', `${worktree}/`, '/nowhere/'),
    fc.array(part, { minLength: 1, maxLength: 3 }),
  )
  .map(([start, parts]) => start + parts.join('/'));
const anyCall = fc.oneof(
  fc
    .record({
      name: fc.constantFrom('readFile', 'writeFile', 'stat', 'unlink', 'readdir', 'mkdir', 'mkdtemp'),
      target: anyPath,
      allowed: fc.boolean(),
    })
    .map(({ name, target, allowed }) => call('fs', name, target, { allowed })),
  fc
    .record({ name: fc.constantFrom('copyFile', 'rename'), target: anyPath, path: anyPath })
    .map(({ name, target, path }) => call('fs', name, target, { path })),
  fc
    .record({ target: anyPath, write: fc.boolean() })
    .map(({ target, write }) => call('database', 'open', target, { write })),
);

const changes = new Set(['writeFile', 'unlink', 'mkdir', 'mkdtemp', 'rename']);

/** Whether sessions with these capabilities could make the call: decided by what decides on it there. */
function isAllowed(
  { module, call: name, target, path, write }: HostCall,
  inputs: CapabilityInput[],
): boolean {
  const capabilities = inputs.map(toCapability);
  const grant = capabilities.find((capability) => capability.kind === 'module' && capability.name === module);
  if (grant === undefined) return false;
  const reach = new Reach({ worktree, write: grant.config['write'] === true, capabilities, closed: [] });
  const real = resolve(worktree, name === 'mkdtemp' ? `${target}XXXXXX` : target);
  const isFirst = reach.allows(real, write || changes.has(name) ? 'write' : 'read');
  const second = path === undefined ? undefined : resolve(worktree, path);
  // The folder of a grant keeps its name.
  const isMoved = name === 'rename' || name === 'unlink';
  if (isMoved && [real, second].some((end) => end !== undefined && reach.holds(end))) return false;
  return isFirst && (second === undefined || reach.allows(second, 'write'));
}

t.test('applying the suggestion allows every call, and each part of it is needed', async (t) => {
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 40 }), (all) => {
      const { capabilities, uncovered } = suggest(all);
      const calls = all.filter(
        (made) => !uncovered.some(({ call: name, target }) => name === made.call && target === made.target),
      );
      // The module of a call that nothing covers is granted for its sake.
      const isForOthers = ({ name }: CapabilityInput) => uncovered.some(({ module }) => module === name);
      for (const capability of capabilities) requireCapability(toCapability(capability));
      if (uncovered.some(({ call: name }) => !['rename', 'unlink', 'mkdtemp'].includes(name)))
        throw new Error(JSON.stringify(uncovered));
      for (const made of calls) {
        if (!isAllowed(made, capabilities)) throw new Error(`not allowed: ${JSON.stringify(made)}`);
      }
      for (const left of capabilities.filter((capability) => !isForOthers(capability))) {
        const others = capabilities.filter((capability) => capability !== left);
        const isNeeded = all.some((made) => isAllowed(made, capabilities) && !isAllowed(made, others));
        if (!isNeeded) throw new Error(`not needed: ${JSON.stringify(left)}`);
      }
    }),
  );
  t.pass();
});
