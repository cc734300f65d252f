// The runtime inside another program, without a daemon or a socket: node examples/embed.mjs
// From a database file to sessions that run code, tell what happens while it happens, sleep and wake.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRuntime, RuntimeError } from 'vmsysd/runtime';

const folder = await mkdtemp(join(tmpdir(), 'vmsys-embed-'));
const runtime = await openRuntime({
  database: join(folder, 'runtime.db'),
  maxLiveSessions: 4,
  log: ({ level, message, error }) => console.error(`${level}: ${message}`, error ?? ''),
});

try {
  // A template is the policy: what a session made from it may use.
  runtime.templates.create({ name: 'small', limits: { wallMs: 500, memMb: 32 } });
  const session = await runtime.sessions.create({ template: 'small', name: 'counter' });
  console.log('session:', session.status, session.residency);

  // Events arrive while the code runs; the execution, which is also in the database, when it has ended.
  const first = await runtime.executions.repl(
    { session: 'counter', code: 'let count = 0; console.log("counting"); ++count' },
    { onEvent: (event) => console.log('event:', event.seq, event.type) },
  );
  console.log('first:', first.status, first.result?.json);

  // What code does wrong is a value of the answer, not an exception here.
  const endless = await runtime.executions.repl({ session: 'counter', code: 'for (;;) count++' });
  console.log('endless:', endless.status, endless.state, '-', endless.error?.message);

  const controller = new AbortController();
  const cancelled = await runtime.executions.repl(
    { session: 'counter', code: 'for (;;);' },
    { signal: controller.signal, onStart: () => controller.abort() },
  );
  console.log('cancelled:', cancelled.status);

  // Asleep, a session is rows of the database; the next call wakes it.
  const asleep = await runtime.sessions.hibernate('counter');
  console.log('hibernated:', asleep.residency, runtime.summary().sessions.hibernated);
  const woken = await runtime.executions.repl({ session: 'counter', code: 'count > 1' });
  console.log('woken:', woken.result?.json);

  // A request that cannot become an execution is an exception, with a code.
  try {
    await runtime.executions.repl({ session: 'nobody', code: '1' });
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    console.log('refused:', error.code, '-', error.message);
  }

  const { items } = runtime.executions.list({ session: 'counter' });
  console.log('recorded:', items.map(({ status }) => status).join(' '));
} finally {
  // Stores every session and ends the workers.
  await runtime.close();
  await rm(folder, { recursive: true });
}
