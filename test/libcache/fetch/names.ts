// The one rule for names.
import { Script } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { catalog } from '#src/libcache/fetch/catalog.js';
import { chooseGlobal, isLibraryName } from '#src/libcache/fetch/names.js';
import { TestSandbox } from '../../fixtures/sandbox.js';

t.test('a global is the given one, else the catalogue’s, else made from the name', (t) => {
  for (const [name, global] of Object.entries({
    lodash: '_',
    ramda: 'R',
    'date-fns': 'dateFns',
    '@scope/some-pkg': 'somePkg',
    'big.js': 'big',
    'lodash.debounce': 'lodashDebounce',
    'JSON-stream': 'JSONStream',
    '7zip': '_7zip',
    he: 'he',
    async: 'async',
  })) {
    t.equal(chooseGlobal(name), global);
  }
  t.equal(chooseGlobal('lodash', 'lo'), 'lo');
  t.end();
});

t.test('a global that no script could use is refused, and says how to choose another', (t) => {
  for (const name of ['process', 'class', 'default', '---', 'constructor']) {
    t.throws(() => chooseGlobal(name), { code: 'VALIDATION_ERROR', message: /--global NAME/ }, name);
  }
  for (const global of ['Map', 'JSON', 'let', 'a b', '', 'a-b', '1a', '__proto__', 'undefined', 'await']) {
    t.throws(() => chooseGlobal('thing', global), { code: 'VALIDATION_ERROR' }, global);
  }
  t.end();
});

t.test('every global of a session is refused', async (t) => {
  const sandbox = await TestSandbox.open();
  const names = await sandbox.value('Object.getOwnPropertyNames(globalThis)');
  if (!Array.isArray(names)) throw new Error('expected names');
  for (const name of names)
    t.throws(() => chooseGlobal('thing', String(name)), { code: 'VALIDATION_ERROR' }, String(name));
});

t.test('a global can be declared in a script, whatever the name it was made from', (t) => {
  const names = fc.stringMatching(/^(@[a-z0-9-]{1,5}\/)?[a-z0-9][a-z0-9._-]{0,12}$/);
  fc.assert(
    fc.property(names, (name) => {
      if (!isLibraryName(name)) return;
      let global: string;
      try {
        global = chooseGlobal(name);
      } catch {
        return;
      }
      // Throws where it cannot.
      new Script(`"use strict"; var ${global} = 1; ${global};`);
    }),
  );
  t.end();
});

t.test('a name that is a path is no library’s', (t) => {
  for (const name of [
    '..',
    '.',
    '../a',
    'a/b',
    '/a',
    '@a',
    '@a/',
    '@a/../b',
    'a..b',
    '',
    'a b',
    'a\\b',
    '@../a',
    'a\0b',
    '.a',
    '_a',
  ]) {
    t.notOk(isLibraryName(name), name);
  }
  for (const name of ['a', '@a/b', 'lodash.debounce', 'JSONStream', 'big.js'])
    t.ok(isLibraryName(name), name);
  t.end();
});

t.test('the catalogue keeps the rule', (t) => {
  for (const { id, name, version, global } of catalog) {
    t.equal(id, `${name}@${version}`);
    t.equal(chooseGlobal(name), global);
  }
  t.end();
});
