// Builds dist/: TypeScript by tsc, then by esbuild the programs, the worker thread and the guest prelude as bundles,
// then by running them the memory that every session starts from. Does nothing where all of that is there already.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCapabilities } from './build-capabilities.mjs';
import { buildGuest } from './build-guest.mjs';
import { hashInputs, isBuiltFrom, noteBuilt } from './build-stamp.mjs';
import { bundlePrograms } from './bundle.mjs';
import { writeNotices } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const inputs = hashInputs();
if (isBuiltFrom(inputs)) process.exit();
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });
// One file instead of thirty: a worker thread starts a quarter faster. What host modules need is apart, loaded by the
// workers that need it; what both have is in a file of its own, once, so that a class is one class.
await build({
  entryPoints: ['src/runtime/workers/worker.ts', 'src/runtime/capabilities/host-side.ts'],
  outbase: 'src/runtime',
  outdir: 'dist/runtime',
  chunkNames: 'workers/[name]-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  legalComments: 'linked',
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
  },
});
await buildGuest('dist/runtime/engine/guest.js');
await buildCapabilities();
await writeNotices('dist/NOTICES.txt');
await bundlePrograms();
const { makeBaseFile } = await import('../dist/runtime/base-loader.js');
await writeFile('dist/runtime/engine/base.json', await makeBaseFile());
noteBuilt(inputs);
