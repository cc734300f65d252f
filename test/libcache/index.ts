// The public face with the fetcher that everybody gets: a local TypeScript file of two parts, added, read and followed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { catalog, LibraryError, openLibraryCache } from '#src/libcache/index.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

t.test('a local file and what it imports are one library, which follows them', async (t) => {
  const source = tempFolder(t);
  const save = (name: string, text: string): void => {
    writeFileSync(join(source, `${name}.swp`), text);
    renameSync(join(source, `${name}.swp`), join(source, name));
  };
  save('mylib.ts', `import { twice } from './part.ts';\nexport const four: number = twice(2);\n`);
  save('part.ts', 'export const twice = (n: number): number => n * 2;\n');
  const cache = await openLibraryCache({ folder: join(tempFolder(t), 'cache'), watch: true });
  t.teardown(() => cache.close());
  const library = await cache.add({ spec: './mylib.ts', from: source });
  t.match(library, { id: 'mylib@local', source: `file:${join(source, 'mylib.ts')}`, global: 'mylib' });
  t.match(await cache.read(library), /n \* 2/);

  const changes: string[] = [];
  cache.listen(({ change, library: { id } }) => void changes.push(`${change} ${id}`));
  save('part.ts', 'export const twice = (n: number): number => n + n;\n');
  await until('the change', () => changes.length > 0);
  t.match(await cache.read(cache.get('mylib')), /n \+ n/);
  save('part.ts', 'export const twice = (n: number): number => n +;\n');
  save('mylib.ts', `export const five: number = 5;\n`);
  await until('the other change', () => changes.length > 1);
  t.match(await cache.read(cache.get('mylib')), /five/);
  t.same(changes, ['changed mylib@local', 'changed mylib@local']);
});

t.test('what a killed download left in the cache folder is swept when it is opened', async (t) => {
  const folder = join(tempFolder(t), 'cache');
  const { pid } = spawnSync('true');
  const place = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
  const left = join(folder, `work/vmsys-library-${place}-${pid}-5-abc`);
  mkdirSync(join(left, 'packages'), { recursive: true });
  const cache = await openLibraryCache({ folder });
  t.teardown(() => cache.close());
  await until('the sweep', () => !existsSync(left));
});

t.test('the catalogue and the error are part of it', async (t) => {
  t.ok(catalog.some(({ id }) => id === 'lodash@4.17.21'));
  const cache = await openLibraryCache({ folder: join(tempFolder(t), 'cache') });
  await t.rejects(cache.add({ spec: '/none/such.js' }), { code: 'FILE_NOT_FOUND' });
  t.throws(() => cache.get('none'), LibraryError);
  await cache.close();
});
