// Progress as a client hears it: every step, not every piece, and nothing after the reply.
import t from 'tap';
import { progressTo } from '#src/host/progress.js';
import type { LibraryProgress } from '#src/rpc/methods/lib.js';
import type { ConnectionHandle } from '#src/rpc/server.js';

function listening() {
  const told: unknown[] = [];
  const connection: ConnectionHandle = {
    id: 1,
    closed: new AbortController().signal,
    notify: (name, params) => void told.push([name, params]),
  };
  return { connection, told };
}

t.test('each step is told as it begins and ends, the pieces in between are not', async (t) => {
  const { connection, told } = listening();
  const { report } = progressTo(connection, 'tok');
  const fetched = (done: number): LibraryProgress => ({ library: 'x', step: 'fetch', done, total: 1000 });
  report({ library: 'x', step: 'resolve' });
  for (let done = 0; done <= 1000; done++) report(fetched(done));
  report({ library: 'x', step: 'store' });
  const values = told.map(
    (notice) => (notice as [string, { token: string; value: LibraryProgress }])[1].value,
  );
  t.ok(values.length >= 4 && values.length < 20, `${values.length} notices`);
  t.strictSame(told[0], ['$/progress', { token: 'tok', value: { library: 'x', step: 'resolve' } }]);
  t.strictSame(values[1], fetched(0));
  t.strictSame(values.slice(-2), [fetched(1000), { library: 'x', step: 'store' }]);
});

t.test('two libraries at once do not hide each other', async (t) => {
  const { connection, told } = listening();
  const { report } = progressTo(connection, 1);
  for (const library of ['a', 'b', 'a', 'b']) report({ library, step: 'resolve' });
  t.equal(told.length, 2);
});

t.test('after its end nothing is told', async (t) => {
  const { connection, told } = listening();
  const progress = progressTo(connection, 1);
  progress.end();
  progress.report({ library: 'a', step: 'store' });
  t.strictSame(told, []);
});
