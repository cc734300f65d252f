// Transpiles test/ to dist-test/ and has tap run it. Usage: node scripts/test.mjs [test/FILE.ts...] [options of tap...]
//
// Tests that start as JavaScript begin two seconds of computing sooner than through tap's TypeScript plugin. They
// import the built sources, as `#src/...`. The folder lies beside test/, so that relative paths mean the same in both.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist-test', { recursive: true, force: true });
cpSync('test', 'dist-test', { recursive: true, filter: (path) => !path.endsWith('.ts') });
const sources = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('test', path));
await build({
  entryPoints: sources,
  outbase: 'test',
  outdir: 'dist-test',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
});

const built = (path) => path.replace(/^test\/(.*)\.ts$/, 'dist-test/$1.js');
const tests = sources.filter((path) => !path.startsWith('test/fixtures/'));
const args = process.argv.slice(2);
const files = args.some((arg) => tests.includes(arg)) ? [] : tests;
const { status } = spawnSync('node_modules/.bin/tap', [...args, ...files].map(built), { stdio: 'inherit' });
process.exit(status ?? 1);
