// Bundles the two programs and the worker thread, from what tsc wrote to dist/, into dist/bundle/: one file each, which
// src/bundle/load.ts runs.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/**
 * Every module goes on believing that it is where tsc put it: what it finds by its own URL (the worker thread, the
 * guest, package.json) is found from the bundle as well, which is one flat folder beside it.
 * @type {import('esbuild').Plugin}
 */
const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(dist)) return undefined;
      const url = `new URL(${JSON.stringify(`../${relative(dist, path)}`)}, bundleUrl).href`;
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('import.meta.url', url), loader: 'js' };
    });
  },
};

/**
 * The builds of the engine that nothing uses, but `quickjs-emscripten` imports: to find and compile them takes each
 * worker thread 10 ms.
 * @type {import('esbuild').Plugin}
 */
const otherEngines = {
  name: 'other-engines',
  setup({ onResolve, onLoad }) {
    const filter = /^@jitl\/quickjs-wasmfile-(debug-sync|debug-asyncify|release-asyncify)$/;
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'other-engines' }));
    onLoad({ filter: /./, namespace: 'other-engines' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Bundles them. Call it when tsc is done. */
export async function bundlePrograms() {
  await build({
    entryPoints: {
      vmsysd: `${dist}host/main.js`,
      vmsys: `${dist}cli/main.js`,
      worker: `${dist}runtime/workers/worker.js`,
    },
    outdir: `${dist}bundle`,
    outExtension: { '.js': '.bundle.js' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    // What is imported later is required later: a script that is not a module of Node's has no `import()`.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'bundleUrl' },
    banner: {
      js: "(function (module, require, __filename) { const bundleUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    external: [
      // Their native parts are found from where their packages are.
      'better-sqlite3',
      'koffi',
      // Loaded when a library is fetched, from where they are: they find their own files beside them.
      '@npmcli/*',
      'esbuild',
      'npm-package-arg',
      'pacote',
      'tar',
      // Loaded when a template file is read or written.
      'yaml',
    ],
    plugins: [ownUrls, otherEngines],
    legalComments: 'linked',
  });
  await build({
    entryPoints: ['src/bundle/load.ts', 'src/bundle/worker.ts'],
    outdir: `${dist}bundle`,
    allowOverwrite: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
  });
  // What tsc wrote about the modules that these two were.
  for (const name of ['load', 'worker']) {
    for (const extension of ['.d.ts', '.js.map']) await rm(`${dist}bundle/${name}${extension}`);
  }
  await writeFile(`${dist}bundle/package.json`, '{ "type": "commonjs" }\n');
}
