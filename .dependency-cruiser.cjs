// The import rule of ARCHITECTURE.md: three leaves that never meet, one root, and one home for each package.
const except = (...folders) => `^src/(?!(${folders.join('|')}))`;

/** `packages` may be imported from `homes` only. */
const home = (packages, homes) => ({
  name: `home-of-${packages[0].replaceAll('/', '-')}`,
  severity: 'error',
  comment: `only ${homes.join(', ')} may import ${packages.join(', ')}`,
  from: { path: except(...homes) },
  to: { path: packages.map((name) => `^node_modules/(@types/)?${name}`) },
});

const forbid = (from, to, comment) => ({
  name: `${from.replaceAll('/', '-')}-imports`,
  severity: 'error',
  comment,
  from: { path: `^src/${from}/` },
  to: { path: to },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'a file that nothing imports and that imports nothing',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^src/runtime/(engine|capabilities)/guest/'] },
      to: {},
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^vmsys:' },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      comment: 'what runs must be in "dependencies"; the guest is bundled when it is built',
      from: { path: '^src/', pathNot: '^src/runtime/(engine|capabilities)/guest/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    forbid(
      'records',
      ['^src/(?!records/)', '^node_modules/(?!zod/)'],
      'records import nothing but zod and node',
    ),
    forbid('bundle', '^src/(?!bundle/)', 'it is in front of everything, and no part of it'),
    forbid('rpc', '^src/(?!(rpc|records)/)', 'a leaf: rpc imports records only'),
    forbid('runtime', '^src/(?!(runtime|records)/)', 'a leaf: runtime imports records only'),
    forbid('libcache', '^src/(?!(libcache|records)/)', 'a leaf: libcache imports records only'),
    forbid('host', '^src/cli/', 'the root composes the leaves, the CLI is not one'),
    forbid(
      'cli',
      '^src/(?!(cli|rpc|records|libcache)/)',
      'the CLI is a client: rpc, records, and libcache to fetch',
    ),
    {
      name: 'host-uses-faces',
      severity: 'error',
      comment: 'of the runtime, the host sees its public face and the lock',
      from: { path: '^src/host/' },
      to: { path: '^src/runtime/', pathNot: '^src/runtime/((index|types|errors)\\.ts|store/lock\\.ts)$' },
    },
    home(
      ['better-sqlite3'],
      ['runtime/store/', 'runtime/capabilities/database/process.ts', 'libcache/lock\\.ts'],
    ),
    home(['quickjs-emscripten', '@jitl/'], ['runtime/engine/']),
    home(['@swc/wasm-typescript', 'cjs-module-lexer'], ['runtime/modules/']),
    home(['cac', 'yaml'], ['cli/']),
    home(['json-rpc-2.0'], ['rpc/']),
    home(['pacote', '@npmcli/', 'npm-package-arg', 'tar/'], ['libcache/fetch/']),
    home(['esbuild'], ['libcache/fetch/']),
    home(['koffi'], ['host/native']),
    home(['chokidar'], ['libcache/watch\\.ts']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.d.ts'],
    },
  },
};
