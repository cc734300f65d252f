// What a client writes about a template becomes a policy that holds, or is refused with the reason.
import t from 'tap';
import {
  defaultLimits,
  defaultResolver,
  defaultRuntimeSettings,
  type CapabilityInput,
} from '#src/records/index.js';
import { RuntimeError } from '#src/runtime/errors.js';
import { makePolicy, toStartup } from '#src/runtime/policy.js';

t.test('nothing said means the defaults', async (t) => {
  t.strictSame(makePolicy({}), {
    engine: 'quickjs',
    limits: defaultLimits,
    resolver: defaultResolver,
    runtime: defaultRuntimeSettings,
    capabilities: [],
    startup: [],
    libraries: [],
    env: {},
  });
});

t.test('a change changes what it names: single limits and settings, lists and env as a whole', async (t) => {
  const first = makePolicy({
    limits: { wallMs: 100 },
    runtime: { strict: true },
    startup: ['a.js'],
    env: { A: '1', B: '2' },
    capabilities: [{ kind: 'env', name: 'HOME' }],
  });
  const second = makePolicy({ limits: { cpuMs: 50 }, runtime: { console: false }, env: { C: '3' } }, first);
  t.strictSame(second.limits, { ...defaultLimits, wallMs: 100, cpuMs: 50 });
  t.strictSame(second.runtime, { ...defaultRuntimeSettings, strict: true, console: false });
  t.strictSame(second.env, { C: '3' });
  t.strictSame(second.startup, first.startup);
  t.strictSame(second.capabilities, [{ kind: 'env', name: 'HOME', enabled: true, config: {} }]);
  t.strictSame(makePolicy({ startup: [], capabilities: [] }, second).startup, []);
  t.strictSame(
    makePolicy({ limits: { wallMs: undefined } }, first).limits.wallMs,
    100,
    'undefined changes nothing',
  );
  t.strictSame(first, makePolicy({}, first), 'and the one before is as it was');
});

t.test('roots are folders of the worktree, written one way', async (t) => {
  const { resolver } = makePolicy({ resolver: { roots: ['./src//lib/', '.', 'vendor'] } });
  t.strictSame(resolver.roots, ['src/lib', '.', 'vendor']);
  t.equal(
    makePolicy({ resolver: { allowAbsoluteRepoImports: true } }).resolver.allowAbsoluteRepoImports,
    true,
  );
});

t.test('startup files run by order, then as written', async (t) => {
  const paths = (files: Parameters<typeof toStartup>[0]) => toStartup(files).map(({ path }) => path);
  t.strictSame(paths(['b.js', 'a.js']), ['b.js', 'a.js']);
  t.strictSame(paths(['b.js', { path: 'a.js', order: 5 }]), ['a.js', 'b.js']);
  t.strictSame(paths([{ path: 'z.js', order: 7 }, { path: 'y.js', order: 7 }, 'x.js']), [
    'z.js',
    'y.js',
    'x.js',
  ]);
  t.strictSame(paths(['./sub//c.js']), ['sub/c.js'], 'written one way');
});

t.test('what is not enforced is refused when it is declared (lesson 3)', async (t) => {
  const [fs, env] = [
    { kind: 'module', name: 'fs' },
    { kind: 'env', name: 'A' },
  ];
  const refused: [input: unknown, code: string, message: RegExp][] = [
    [{ resolver: { roots: ['../src'] } }, 'INVALID_PATH', /"\.\.\/src"/],
    [{ resolver: { roots: ['/src'] } }, 'INVALID_PATH', /inside the worktree/],
    [{ resolver: { roots: ['a/../../b'] } }, 'INVALID_PATH', /without "\.\."/],
    [{ resolver: { roots: ['src', './src/'] } }, 'VALIDATION_ERROR', /resolver\.roots: "src" is there twice/],
    [{ resolver: { roots: [''] } }, 'VALIDATION_ERROR', /resolver\.roots/],
    [{ resolver: { allowAbsoluteRepoImports: 'yes' } }, 'VALIDATION_ERROR', /allowAbsoluteRepoImports/],
    [{ resolver: { extensions: [] } }, 'VALIDATION_ERROR', /resolver\.extensions/],
    [{ resolver: { extensions: ['js'] } }, 'VALIDATION_ERROR', /resolver\.extensions/],
    [{ libraries: ['lodash@4'] }, 'LIBRARY_NOT_FOUND', /lodash@4/],
    [{ libraries: [{ id: 'a@1', integrity: 'x' }] }, 'VALIDATION_ERROR', /libraries\.0/],
    [{ capabilities: [{ kind: 'module', name: 'JSON' }] }, 'MODULE_NOT_ALLOWED', /module "JSON"/],
    [{ capabilities: [{ kind: 'module', name: 'net' }] }, 'MODULE_NOT_ALLOWED', /by origin/],
    [{ capabilities: [{ kind: 'net', name: 'x' }] }, 'VALIDATION_ERROR', /expected an origin/],
    [
      { capabilities: [{ kind: 'env', name: 'no-name' }] },
      'VALIDATION_ERROR',
      /environment variable, got "no-name"/,
    ],
    [{ capabilities: [{ kind: 'env', name: 'A', config: { x: 1 } }] }, 'VALIDATION_ERROR', /config\.x/],
    [
      { capabilities: [fs, { ...fs, config: { write: true } }] },
      'VALIDATION_ERROR',
      /^capabilities: module "fs" is there twice$/,
    ],
    [{ capabilities: [env, { ...env, enabled: false }] }, 'VALIDATION_ERROR', /env "A" is there twice/],
    [
      {
        capabilities: ['https://a.example', 'https://A.example:443'].map((name) => ({ kind: 'net', name })),
      },
      'VALIDATION_ERROR',
      /net "https:\/\/a\.example" is there twice/,
    ],
    [
      { capabilities: [fs, { kind: 'global', name: 'fs' }] },
      'VALIDATION_ERROR',
      /module "fs" and global "fs" grant the same module/,
    ],
    [{ env: { 'no-name': '1' } }, 'VALIDATION_ERROR', /env/],
    [{ engine: 'v8' }, 'VALIDATION_ERROR', /engine/],
    [{ unknown: 1 }, 'VALIDATION_ERROR', /unknown/i],
    [{ limits: { memMb: 1 } }, 'VALIDATION_ERROR', /limits\.memMb/],
    [{ limits: { wallMs: 0 } }, 'VALIDATION_ERROR', /limits\.wallMs/],
    [{ limits: { cpuMs: 1.5 } }, 'VALIDATION_ERROR', /limits\.cpuMs/],
    [{ limits: { speed: 1 } }, 'VALIDATION_ERROR', /speed/],
    [{ startup: ['../x.js'] }, 'INVALID_PATH', /"\.\.\/x\.js"/],
    [{ startup: ['/x.js'] }, 'INVALID_PATH', /inside the worktree/],
    [{ startup: ['a.js', './a.js'] }, 'VALIDATION_ERROR', /there twice/],
  ];
  for (const [input, code, message] of refused) {
    const change = input as Parameters<typeof makePolicy>[0];
    t.throws(() => makePolicy(change), { code, message }, JSON.stringify(input));
  }
});

t.test('a capability may deny what another of its module grants', async (t) => {
  const capabilities: CapabilityInput[] = [
    { kind: 'global', name: 'fs' },
    { kind: 'module', name: 'fs', enabled: false },
  ];
  t.match(makePolicy({ capabilities }).capabilities, capabilities);
});

t.test('a refusal names every fault with its path', async (t) => {
  try {
    makePolicy({ limits: { memMb: 1, wallMs: -1 }, env: { 'a b': '' } });
    t.fail('it was taken');
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { issues } = error.details as { issues: { path: string }[] };
    t.strictSame(issues.map(({ path }) => path).toSorted(), ['env.a b', 'limits.memMb', 'limits.wallMs']);
  }
});
