// The settings that docs/settings.md shows are all there are, with their defaults.
import t from 'tap';
import { ConfigFile } from '#src/host/config.js';
import { defaults } from '#src/host/settings.js';
import { blocksOf, readDocument } from '../fixtures/docs.js';

const text =
  blocksOf(readDocument('docs/settings.md')).find(({ info }) => info === 'json config')?.text ?? '';

t.test('docs/settings.md shows every setting', async (t) => {
  const file = ConfigFile.parse(JSON.parse(text));
  t.strictSame(Object.keys(file).toSorted(), Object.keys(ConfigFile.shape).toSorted());
});

t.test('docs/settings.md shows the default of every setting that is no path', async (t) => {
  const { socket: _, stateDir: __, cacheDir: ___, ...file } = ConfigFile.parse(JSON.parse(text));
  t.strictSame(file, defaults);
});
