// Builds dist/: TypeScript by tsc, then by esbuild the programs, the worker thread and the guest prelude as bundles,
// then by running them the memory that every session starts from, and what V8 compiled of the bundles.
// Does nothing where all of that is there already.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildCapabilities } from './build-capabilities.mjs';
import { buildGuest } from './build-guest.mjs';
import { hashInputs, isBuiltFrom, noteBuilt } from './build-stamp.mjs';
import { bundlePrograms } from './bundle.mjs';
import { writeCodeCaches } from './code-cache.mjs';
import { writeNotices } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const inputs = hashInputs();
if (isBuiltFrom(inputs)) process.exit();
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });
await buildGuest('dist/runtime/engine/guest.js');
await buildCapabilities();
await writeNotices('dist/NOTICES.txt');
await bundlePrograms();
const { makeBaseFile } = await import('../dist/runtime/base-loader.js');
await writeFile('dist/runtime/engine/base.json', await makeBaseFile());
await writeCodeCaches();
noteBuilt(inputs);
