// The programs start from what the build compiled, and as well without it.
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { tempFolder } from '../fixtures/temp.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cacheOf = (name: string): string =>
  `${name}.${process.platform}-${process.arch}-${process.version}.cache`;

/** A copy of the CLI that can be spoilt. */
function copyOfCli(t: Test): { bundles: string; start: () => Promise<string> } {
  const folder = tempFolder(t);
  for (const path of ['bin', 'dist/bundle', 'package.json']) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const start = async (): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(folder, 'bin/vmsys.js'),
      '--version',
    ]);
    return stdout;
  };
  return { bundles: join(folder, 'dist/bundle'), start };
}

/** Whether V8 takes what lies beside a bundle, in a process like those that start it. */
async function isTaken(bundles: string, name: string): Promise<unknown> {
  const code = `
    const { compile } = require(${JSON.stringify(join(bundles, 'load.js'))});
    console.log(compile(${JSON.stringify(name)}).script.cachedDataRejected)`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
  return stdout.trim();
}

t.test('what the build compiled is there and is taken', async (t) => {
  for (const name of ['vmsys', 'vmsysd', 'worker']) {
    t.equal(await isTaken(join(root, 'dist/bundle'), name), 'false', name);
  }
});

t.test('a program whose text has changed since is not what was compiled', async (t) => {
  const { bundles, start } = copyOfCli(t);
  t.match(await start(), /^vmsys \d/);
  const file = join(bundles, 'vmsys.bundle.js');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace('`vmsys ${', '`VMSYS ${');
  t.not(changed, text);
  writeFileSync(file, changed);
  t.match(await start(), /^VMSYS \d/);
  t.equal(await isTaken(bundles, 'vmsys'), 'undefined');
});

t.test(
  'without what was compiled, or with something else in its place, a program starts as well',
  async (t) => {
    const { bundles, start } = copyOfCli(t);
    const file = join(bundles, cacheOf('vmsys'));
    const { length } = readFileSync(file);
    for (const content of [
      Buffer.alloc(0),
      Buffer.alloc(length),
      readFileSync(file).subarray(0, length / 2),
    ]) {
      writeFileSync(file, content);
      t.match(await start(), /^vmsys \d/);
    }
  },
);
