// What a slow reader is told of libraries once it reads again.
import t from 'tap';
import { Missed } from '#src/rpc/missed.js';
import { aLibrary } from '../fixtures/libraries.js';

t.test('of a library only the latest change is kept, of progress nothing', async (t) => {
  const missed = new Missed();
  const [lodash, other] = [aLibrary(), aLibrary({ name: 'other' })];
  missed.add(['lib.changed', { change: 'added', library: lodash }]);
  missed.add(['lib.changed', { change: 'added', library: other }]);
  missed.add(['lib.changed', { change: 'damaged', library: lodash, problem: 'gone' }]);
  missed.add(['$/progress', { token: 1, value: { library: 'lodash', step: 'fetch' } }]);
  t.equal(missed.size, 2);
  t.ok(missed.holds(['lib.changed', { change: 'repaired', library: lodash }]), 'later ones wait for it');
  t.notOk(missed.holds(['lib.changed', { change: 'added', library: aLibrary({ name: 'third' }) }]));
  t.notOk(missed.holds(['$/progress', { token: 1, value: { library: 'lodash', step: 'store' } }]));
  t.strictSame(missed.take(), [
    ['lib.changed', { change: 'damaged', library: lodash, problem: 'gone' }],
    ['lib.changed', { change: 'added', library: other }],
  ]);
  t.strictSame(missed.take(), []);
});
