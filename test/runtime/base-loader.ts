import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { loadBase, makeBaseFile, type BaseShelf } from '#src/runtime/base-loader.js';
import { formatBaseFile, parseBaseFile, type PackedBase } from '#src/runtime/engine/packed-base.js';
import { tempFolder } from '../fixtures/temp.js';

/** A store in memory, and what was saved in it. */
function shelf(...stored: PackedBase[]): BaseShelf & { saved: PackedBase[] } {
  const saved: PackedBase[] = [];
  return {
    saved,
    find: (key) => stored.find((base) => base.key === key),
    save: (base) => void saved.push(base),
  };
}

const bytesOf = ({ memory }: { memory: SharedArrayBuffer }) => Buffer.from(memory);

t.test('an empty store gets the base that the build made', async (t) => {
  const first = shelf();
  const second = shelf();
  const { base } = await loadBase(first);
  const again = await loadBase(second);
  t.equal(first.saved.length, 1);
  t.equal(first.saved[0]?.key, base.key);
  t.ok(bytesOf(base).equals(bytesOf(again.base)), 'the same bytes in two databases: it was not made anew');
});

t.test('the base in the store is taken before the file', async (t) => {
  const fresh = parseBaseFile(await makeBaseFile());
  const store = shelf(fresh);
  const { base } = await loadBase(store);
  t.equal(store.saved.length, 0);
  const shipped = await loadBase(shelf());
  t.notOk(
    bytesOf(base).equals(bytesOf(shipped.base)),
    'two bases of one key differ: the stored one is in use',
  );
  t.equal(base.signature, shipped.base.signature);
  t.same(base.driver, shipped.base.driver, 'their addresses are the same');
});

t.test('a base file that is not there, or of another engine, is not taken', async (t) => {
  const folder = tempFolder(t);
  const missing = shelf();
  const { base } = await loadBase(missing, pathToFileURL(join(folder, 'missing.json')));
  t.equal(missing.saved[0]?.key, base.key, 'one is made and stored');

  const foreign = pathToFileURL(join(folder, 'foreign.json'));
  const [made] = missing.saved;
  if (made === undefined) throw new Error('no base was stored');
  writeFileSync(foreign, formatBaseFile({ ...made, key: 'another' }));
  const store = shelf();
  t.equal((await loadBase(store, foreign)).base.key, base.key);
  t.notOk(Buffer.from(store.saved[0]?.data ?? []).equals(made.data), 'made anew');
});

t.test('a damaged base file is an error that names it', async (t) => {
  const file = join(tempFolder(t), 'damaged.json');
  writeFileSync(file, (await makeBaseFile()).slice(0, 1000));
  await t.rejects(loadBase(shelf(), pathToFileURL(file)), { message: new RegExp(`${file} is damaged`) });
});
