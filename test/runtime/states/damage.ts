// States that cannot be restored: refused when they are needed, and no harm to anything else.
import t from 'tap';
import type { Session } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { sql } from '../../fixtures/states.js';
import type { Teardown } from '../../fixtures/temp.js';

const unavailable = { code: 'STATE_UNAVAILABLE' };

/** A sleeping session with `n` 2 whose checkpoint `good` has `n` 1; its image is that of the state alone. */
async function asleep(t: Teardown): Promise<{ runtime: TestRuntime; session: Session; image: number }> {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  await runtime.run(session, 'var n = 1');
  await runtime.states.checkpoint(session.id, 'good');
  await runtime.run(session, 'n = 2');
  await runtime.sessions.hibernate(session.id);
  const [row] = sql<{ image: number }>(
    runtime.database,
    'SELECT image FROM states WHERE session_id = ?',
    session.id,
  );
  return { runtime, session, image: row?.image ?? 0 };
}

/** What can happen to an image, as statements on its row. */
const damages: Record<string, string> = {
  'bytes that are no deflate stream': `UPDATE images SET data = x'ff00ff00ff' WHERE number = ?`,
  'no bytes': `UPDATE images SET data = x'' WHERE number = ?`,
  'bytes cut short': `UPDATE images SET data = substr(data, 1, length(data) / 2) WHERE number = ?`,
  'a flipped byte': `UPDATE images SET data = cast(substr(data, 1, length(data) / 2) || x'a5' ||
    substr(data, length(data) / 2 + 2) AS BLOB) WHERE number = ?`,
  'fewer pages': `UPDATE images SET pages = substr(pages, 1, length(pages) - 4) WHERE number = ?`,
  'pages that are no numbers': `UPDATE images SET pages = substr(pages, 1, length(pages) - 3) WHERE number = ?`,
  'a page far outside': `UPDATE images SET pages = cast(substr(pages, 1, length(pages) - 4) || x'ffffff7f' AS BLOB) WHERE number = ?`,
  'pages of other places': `UPDATE images SET pages = cast(substr(pages, 5) || substr(pages, 1, 4) AS BLOB) WHERE number = ?`,
  'a heap that ends too early': `UPDATE images SET heap_end = 4096 WHERE number = ?`,
  'a heap that ends nowhere': `UPDATE images SET heap_end = 9007199254740991 WHERE number = ?`,
  'a heap that ends below zero': `UPDATE images SET heap_end = -1 WHERE number = ?`,
  'another engine': `UPDATE images SET base_key = 'another' WHERE number = ?`,
};

for (const [damage, statement] of Object.entries(damages)) {
  t.test(`an image with ${damage} is refused, and what is good goes on`, async (t) => {
    const { runtime, session, image } = await asleep(t);
    const other = await runtime.sessions.create({});
    sql(runtime.database, statement, image);
    for (const _ of [1, 2]) await t.rejects(runtime.run(session, 'n'), unavailable);
    t.match(runtime.sessions.get(session.id), { status: 'ready', residency: 'hibernated' });
    t.equal(await runtime.value(other, '1 + 1'), 2);
    t.equal(runtime.summary().sessions.live, 1);
    await runtime.states.rollback(session.id, { checkpoint: 'good' });
    t.equal(await runtime.value(session, 'n'), 1);
    t.match(await runtime.sessions.close(session.id), { status: 'closed' });
  });
}

t.test('an image that is gone is refused as well', async (t) => {
  const { runtime, session, image } = await asleep(t);
  sql(runtime.database, 'DELETE FROM images WHERE number = ?', image);
  await t.rejects(runtime.run(session, 'n'), unavailable);
  await runtime.states.rollback(session.id, { checkpoint: 'good' });
  t.equal(await runtime.value(session, 'n'), 1);
});

t.test('a damaged history is refused, and the present state goes on', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const first = await runtime.run(session, 'var n = 1');
  await runtime.run(session, 'n = 2');
  for (const damage of [`data = x'ff00'`, `pages = substr(pages, 1, 4)`, `pages = zeroblob(length(pages))`]) {
    await runtime.sessions.hibernate(session.id);
    sql(runtime.database, `UPDATE undos SET ${damage}`);
    await t.rejects(runtime.states.rollback(session.id, { execution: first.id }), unavailable, damage);
    t.equal(await runtime.value(session, 'n'), 2, damage);
  }
});

t.test('a damaged checkpoint is refused, and the present state goes on', async (t) => {
  const { runtime, session } = await asleep(t);
  const [row] = sql<{ image: number }>(runtime.database, 'SELECT image FROM checkpoints');
  sql(runtime.database, `UPDATE images SET data = x'00' WHERE number = ?`, row?.image);
  await t.rejects(runtime.states.rollback(session.id, { checkpoint: 'good' }), unavailable);
  t.equal(await runtime.value(session, 'n'), 2);
});

t.test('a session larger than its template allows now is refused, not cut', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'small', limits: { memMb: 64 } });
  const session = await runtime.sessions.create({ template: 'small' });
  await runtime.run(session, 'var big = Array.from({ length: 4e5 }, (_, at) => ({ at })); big.length');
  await runtime.sessions.hibernate(session.id);
  sql(
    runtime.database,
    `UPDATE template_versions SET policy = json_set(policy, '$.limits.memMb', 16) WHERE template_id = ?`,
    session.templateId,
  );
  await t.rejects(runtime.run(session, 'big.length'), unavailable);
});
