// Calls of a ledger that differ, up to a bound.
import t from 'tap';
import { distinctCalls } from '#src/runtime/suggestions/distinct-calls.js';

const call = (target: string) => ({ module: 'fs', call: 'stat', target, allowed: true, ms: 1 });

t.test('what is asked again is looked at once, what is too much not at all', async (t) => {
  const again = distinctCalls([call('a'), call('b'), call('a'), { ...call('a'), allowed: false }]);
  t.strictSame(again.distinct, [call('a'), call('b'), { ...call('a'), allowed: false }]);
  t.equal(again.covered.length, 4);
  const many = distinctCalls(Array.from({ length: 3000 }, (_, at) => call(String(at))));
  t.equal(many.distinct.length, 2000);
  t.equal(many.covered.length, 2000);
});
