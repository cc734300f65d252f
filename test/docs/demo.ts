// What README.md shows of the demo is what the demo prints.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { blocksOf, normalized, readDocument, root } from '../fixtures/docs.js';

const shown = blocksOf(readDocument('README.md')).find(({ info }) => info === 'console demo');

t.test('README.md shows the output of the demo', async (t) => {
  const { stdout, stderr } = await promisify(execFile)(join(root, 'scripts', 'demo.sh'), {
    encoding: 'utf8',
  });
  t.equal(stderr, '');
  t.equal(normalized(stdout).trim(), normalized(shown?.text ?? '').trim());
});
