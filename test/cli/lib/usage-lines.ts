// What `vmsys lib add` says of a library.
import t from 'tap';
import { usageLines } from '#src/cli/lib/usage-lines.js';
import { plain } from '#src/cli/output/paint.js';
import { aLibrary } from '../../fixtures/libraries.js';

t.test('a script is the default of its import', async (t) => {
  t.strictSame(usageLines(aLibrary({ bytes: 73_015 }), plain), [
    'lodash@4.17.21  71 KiB, a script',
    '  global      _',
    "  import      import _ from 'lodash'",
    "  require     const _ = require('lodash')",
    '  give it to  vmsys template add-library default lodash@4.17.21',
  ]);
});

t.test('a module is imported as what it exports', async (t) => {
  const line = (exports: string[]) =>
    usageLines(aLibrary({ format: 'module', name: 'm', global: 'm', exports }), plain)[2]?.trim();
  t.match(line(['a', 'b']), /import \{ a, b \} from 'm'$/);
  t.match(line(['a', 'b', 'c', 'd', 'e']), /import \* as m from 'm'$/);
  t.match(line([]), /import m from 'm'$/, 'its default is all there is');
});
