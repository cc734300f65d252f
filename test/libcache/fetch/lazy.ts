// What fetching costs a program that fetches nothing: the daemon starts often.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { root } from '../../fixtures/docs.js';
import { tempFolder } from '../../fixtures/temp.js';

const built = join(root, 'dist/libcache/index.js');
const show = (folder: string) => `
  const heavy = () => Object.keys(require.cache).filter((file) => /pacote|npmcli|npm-package-arg|esbuild/.test(file));
  import(${JSON.stringify(built)}).then(async ({ openLibraryCache }) => {
    const cache = await openLibraryCache({ folder: ${JSON.stringify(folder)}, watch: true });
    cache.list();
    const before = heavy();
    await cache.add({ spec: 'file:nothing' }).catch(() => {});
    await cache.close();
    console.log(JSON.stringify({ before, after: heavy() }));
  });
`;

t.test('npm’s packages and esbuild are loaded by the first library that is added', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', show(tempFolder(t))]);
  const { before, after } = JSON.parse(stdout) as { before: string[]; after: string[] };
  t.same(before, []);
  t.ok(after.length > 0, 'and are seen here when they are');
});
