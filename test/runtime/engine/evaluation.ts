// How an execution is judged when judging it takes long.
import t from 'tap';
import { openTestRuntime } from '../../fixtures/runtime.js';

/** Describing what is thrown runs the guest's own code, for as long as this says. */
const slowToDescribe = (loop: string) =>
  `throw Object.assign(new Error("slow"), { detail: new Proxy({}, { ownKeys() { ${loop}; return ["a"] } }) })`;

t.test('an error that takes long to describe is still that error', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const loop = 'const end = Date.now() + 300; while (Date.now() < end);';
  t.match(await runtime.run(session, slowToDescribe(loop)), {
    status: 'error',
    state: 'kept',
    error: { name: 'Error', message: /slow/ },
  });
});

t.test('an error whose description does not end is a timeout', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  t.match(await runtime.run(session, slowToDescribe('for (;;);'), { timeoutMs: 300 }), {
    status: 'timeout',
    error: { limit: 'wallMs' },
  });
  t.match(await runtime.run(session, '1 + 1'), { status: 'ok', result: { json: 2 } });
});
