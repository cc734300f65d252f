// Workers are leased, given back and used again; one that died is never seen again.
import t, { type Test } from 'tap';
import { createShadow } from '#src/runtime/engine/image.js';
import { loadEngineBinary } from '#src/runtime/engine/binary.js';
import { WorkerPool } from '#src/runtime/workers/pool.js';
import type { WorkerThread } from '#src/runtime/workers/worker-thread.js';
import { base, sources } from '../../fixtures/sandbox.js';
import { until } from '../../fixtures/until.js';

function openPool(t: Test, spare: number): { pool: WorkerPool; failures: unknown[] } {
  const failures: unknown[] = [];
  const pool = new WorkerPool({
    setup: Promise.resolve({ module: loadEngineBinary().module, base, sources, usualMemoryMb: 128 }),
    spare,
    onStartFailed: (error) => failures.push(error),
  });
  t.teardown(() => pool.close());
  return { pool, failures };
}

/** A leased worker that ends with the test. */
async function lease(t: Test, pool: WorkerPool): Promise<WorkerThread> {
  const worker = await pool.lease();
  t.teardown(() => worker.terminate());
  return worker;
}

const open = (worker: WorkerThread, maxMemoryMb = 64) =>
  worker.request({
    type: 'open',
    maxMemoryMb,
    shadow: createShadow(maxMemoryMb),
    shiftTimersMs: 0,
    console: true,
  });

async function value(worker: WorkerThread, code: string): Promise<unknown> {
  const limits = { cpuMs: 5000, wallMs: 5000, memMb: 64, maxEvents: 10, maxOutputKb: 10 };
  const { report } = await worker.request({
    type: 'run',
    request: {
      kind: 'repl',
      code,
      filename: 'x.js',
      args: [],
      env: {},
      strict: false,
      limits,
      until: 'value',
      rollbackOnFailure: false,
    },
  });
  return report.result?.json ?? report.error?.message;
}

t.test('workers are started ahead, and a lease is refilled', async (t) => {
  const { pool } = openPool(t, 1);
  await until('a worker to be ready', () => pool.idleCount === 1);
  const first = await lease(t, pool);
  await until('another to be ready', () => pool.idleCount === 1);
  const second = await lease(t, pool);
  t.not(first, second);
});

t.test('a worker given back is used again, and keeps nothing of the session before', async (t) => {
  const { pool } = openPool(t, 0);
  const worker = await lease(t, pool);
  await open(worker);
  t.equal(await value(worker, 'globalThis.secret = 41; secret + 1'), 42);
  await pool.release(worker);
  const again = await lease(t, pool);
  t.equal(again, worker);
  await t.rejects(value(again, '1'), { message: /holds no session/ });
  await open(again);
  t.equal(await value(again, 'typeof secret'), 'undefined');
});

t.test('a worker that ended is not leased again, and its requests reject', async (t) => {
  const { pool } = openPool(t, 0);
  const worker = await lease(t, pool);
  await open(worker);
  const pending = value(worker, 'for (;;) {}');
  const rejected = t.rejects(pending, { name: 'WorkerEnded' });
  await worker.terminate();
  await rejected;
  t.equal(worker.ended, true);
  await t.rejects(value(worker, '1'), { name: 'WorkerEnded' });
  await pool.release(worker);
  t.equal(pool.idleCount, 0);
  const other = await lease(t, pool);
  t.not(other, worker);
  await pool.release(other);
});

t.test('an idle worker that died is passed over', async (t) => {
  const { pool } = openPool(t, 1);
  const worker = await lease(t, pool);
  await pool.release(worker);
  await worker.terminate();
  for (let round = 0; round < 3; round++) t.not(await lease(t, pool), worker);
});

t.test('a worker that still works when it is given back is ended, not kept', async (t) => {
  const { pool } = openPool(t, 0);
  const worker = await lease(t, pool);
  await open(worker);
  const pending = t.rejects(value(worker, 'for (;;) {}'), { name: 'WorkerEnded' });
  await pool.release(worker);
  await pending;
  t.equal(worker.ended, true);
});

t.test('only one request at a time', async (t) => {
  const { pool } = openPool(t, 0);
  const worker = await lease(t, pool);
  const first = open(worker);
  await t.rejects(value(worker, '1'), { message: /still unanswered/ });
  await first;
  t.equal(await value(worker, '1'), 1, 'and the first is not disturbed');
});

t.test('no more than so many spare workers are kept', async (t) => {
  const { pool } = openPool(t, 1);
  const workers = await Promise.all(Array.from({ length: 4 }, () => lease(t, pool)));
  t.equal(new Set(workers).size, 4);
  await until('the spare one', () => pool.idleCount === 1);
  for (const worker of workers) await pool.release(worker);
  t.ok(pool.idleCount <= 2, `${pool.idleCount} idle`);
});

t.test('closing while workers start ends them', async (t) => {
  const { pool, failures } = openPool(t, 3);
  await pool.close();
  t.equal(pool.idleCount, 0);
  await t.rejects(pool.lease(), { message: /closed/ });
  await pool.close();
  t.strictSame(failures, []);
});

t.test('a lease that waits while the pool closes gets no worker that lives on', async (t) => {
  const { pool } = openPool(t, 1);
  const leased = pool.lease().then(
    (worker) => worker,
    () => undefined,
  );
  await pool.close();
  const worker = await leased;
  t.ok(worker === undefined || worker.ended);
});

t.test('as many spare workers as are wanted are started, one after the other', async (t) => {
  const { pool } = openPool(t, 3);
  await until('all of them', () => pool.idleCount === 3);
  await Promise.all([lease(t, pool), lease(t, pool)]);
  t.equal(pool.idleCount, 1);
  await until('others in their place', () => pool.idleCount === 3);
});

t.test('where what workers are set up with cannot be had, whoever asks for one hears why', async (t) => {
  const failures: unknown[] = [];
  const pool = new WorkerPool({
    setup: Promise.reject(new Error('no memory of an engine')),
    spare: 1,
    onStartFailed: (error) => failures.push(error),
  });
  t.teardown(() => pool.close());
  await until('the failure', () => failures.length === 1);
  const why = { name: 'WorkerEnded', cause: { message: 'no memory of an engine' } };
  t.match(failures, [why]);
  await t.rejects(pool.lease(), why);
});
