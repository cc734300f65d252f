// Databases of versions before: brought up to date with all that is in them.
import t from 'tap';
import { openTestRuntime } from '../../fixtures/runtime.js';
import { sql } from '../../fixtures/states.js';

t.test('sessions and templates from before there were libraries have none', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'x', env: { A: '1' } });
  const session = await runtime.sessions.create({ template: 'x', name: 'old' });
  await runtime.run(session, 'var n = 5');
  await runtime.close();
  sql(runtime.database, 'ALTER TABLE sessions DROP COLUMN libraries');
  sql(runtime.database, 'DELETE FROM schema_version_log WHERE version >= 2');
  const again = await openTestRuntime(t, { database: runtime.database });
  t.match(again.sessions.get('old'), { id: session.id, libraries: [], status: 'ready' });
  t.match(again.templates.get('x'), { libraries: [], env: { A: '1' } });
  t.equal(await again.value('old', 'n'), 5);
});
