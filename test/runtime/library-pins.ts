// What a template pins of the libraries that it names: exact contents, each name and global once.
import t from 'tap';
import {
  addPin,
  nameOfLibrary,
  noLibraries,
  pinLibraries,
  staleLibraries,
} from '#src/runtime/library-pins.js';
import { TestLibraries } from '../fixtures/library-source.js';

const made = () =>
  new TestLibraries({
    'lodash@4.17.20': { code: 'old', global: '_' },
    'lodash@4.17.21': { code: 'new', global: '_' },
    'underscore@1.13.0': { code: 'under', global: '_' },
    '@scope/x@1.0.0': { code: 'x' },
    'bare@2.0.0': { code: 'bare' },
  });

t.test('ids and names become contents', async (t) => {
  const source = made();
  const pin = (id: string) => ({ id, integrity: source.get(id).integrity });
  t.strictSame(pinLibraries(['lodash', '@scope/x@1.0.0', 'bare'], source), [
    pin('lodash@4.17.21'),
    pin('@scope/x@1.0.0'),
    pin('bare@2.0.0'),
  ]);
  t.strictSame(pinLibraries([], source), []);
  t.equal(nameOfLibrary('@scope/x@1.0.0'), '@scope/x');
  t.equal(nameOfLibrary('lodash@4.17.21'), 'lodash');
  t.throws(() => pinLibraries(['none'], source), { code: 'LIBRARY_NOT_FOUND', message: /test's cache/ });
  t.throws(() => pinLibraries(['lodash'], noLibraries), { code: 'LIBRARY_NOT_FOUND' });
  await t.rejects(noLibraries.read(pin('bare@2.0.0')), { code: 'LIBRARY_UNAVAILABLE' });
});

t.test('one name, one global', async (t) => {
  const source = made();
  const pins = pinLibraries(['lodash@4.17.20'], source);
  const refused: [library: string, message: RegExp][] = [
    ['lodash@4.17.21', /lodash@4\.17\.20 and lodash@4\.17\.21 are both imported as "lodash"; remove one/],
    ['underscore', /lodash@4\.17\.20 and underscore@1\.13\.0 both have the global "_"/],
  ];
  for (const [library, message] of refused) {
    t.throws(() => addPin(pins, library, source), { code: 'VALIDATION_ERROR', message }, library);
    const all = ['lodash@4.17.20', library];
    t.throws(() => pinLibraries(all, source), { code: 'VALIDATION_ERROR', message }, `${library}, as a list`);
  }
  t.throws(() => pinLibraries(['bare', 'bare@2.0.0'], source), { message: /bare@2\.0\.0 is there twice/ });
  t.equal(addPin(pins, 'bare', source).length, 2, 'no global is no conflict');
  source.remove('lodash@4.17.20');
  t.throws(
    () => addPin(pins, 'lodash', source),
    { message: /both imported as "lodash"/ },
    'also of one that is gone',
  );
  t.equal(addPin(pins, 'bare', source).length, 2);
});

t.test('adding one again pins what it is now, in its place', async (t) => {
  const source = made();
  const pins = pinLibraries(['bare', 'lodash'], source);
  const changed = source.put('bare@2.0.0', { code: 'changed' });
  t.strictSame(addPin(pins, 'bare', source), [
    { id: 'bare@2.0.0', integrity: changed.integrity },
    ...pins.slice(1),
  ]);
});

t.test('what changed or went is stale, what cannot be told is not', async (t) => {
  const source = made();
  const pins = pinLibraries(['bare', 'lodash', '@scope/x'], source);
  t.strictSame(staleLibraries(pins, source), []);
  const { integrity } = source.put('bare@2.0.0', { code: 'changed' });
  source.remove('@scope/x@1.0.0');
  t.strictSame(staleLibraries(pins, source), [
    { id: 'bare@2.0.0', change: 'changed', integrity },
    { id: '@scope/x@1.0.0', change: 'removed' },
  ]);
  const broken = {
    ...noLibraries,
    get: () => {
      throw new Error('the manifest is damaged');
    },
  };
  t.strictSame(staleLibraries(pins, broken), []);
});
