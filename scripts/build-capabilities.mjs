// Builds what of the host modules does not run in the daemon's threads: their guest sides, as the bodies of CommonJS
// modules, and the process that databases are in.
import { build } from 'esbuild';
import { noteLicences } from './notices.mjs';

const source = 'src/runtime/capabilities/';
const target = 'dist/runtime/capabilities/';

/** Guest sides by the module's id: what a script's `require` gives is the default export, or all exports. */
const guestSides = ['buffer', 'database', 'exec', 'fs', 'fs-promises', 'net', 'path'];

/** Writes everything into dist/. Call it when tsc is done. */
export async function buildCapabilities() {
  await build({
    entryPoints: Object.fromEntries(guestSides.map((name) => [name, `${source}guest/${name}.ts`])),
    outdir: `${target}guest`,
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    charset: 'ascii',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    external: ['vmsys:*'],
    plugins: [noteLicences],
    footer: { js: 'module.exports=module.exports.default??module.exports;' },
  });
  await build({
    entryPoints: [`${source}database/process.ts`],
    outfile: `${target}database/process.js`,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3'],
    sourcemap: true,
    legalComments: 'linked',
  });
}
