// What systemd says in the environment: taken when it is for this process, and gone for its children.
import t from 'tap';
import { takeActivation } from '#src/host/activation.js';

const take = (env: Record<string, string>) => takeActivation({ ...env }, 42);

t.test('the socket named rpc is taken, wherever it stands, or the only one', async (t) => {
  const one = { LISTEN_PID: '42', LISTEN_FDS: '1' };
  t.equal(take(one).descriptor, 3);
  t.equal(take({ ...one, LISTEN_FDNAMES: 'vmsysd.socket' }).descriptor, 3);
  t.equal(take({ ...one, LISTEN_FDS: '3', LISTEN_FDNAMES: 'a:rpc:b' }).descriptor, 4);
  t.equal(take({ ...one, LISTEN_FDS: '0' }).descriptor, undefined);
  t.equal(take({}).descriptor, undefined);
});

t.test('sockets of which none is clearly ours are refused', async (t) => {
  const two = { LISTEN_PID: '42', LISTEN_FDS: '2' };
  for (const names of ['a:b', 'rpc:rpc', '']) {
    t.throws(() => take({ ...two, LISTEN_FDNAMES: names }), {
      code: 'USAGE',
      message: /passed 2 sockets.*FileDescriptorName=rpc/,
    });
  }
  t.throws(() => take({ ...two, LISTEN_FDS: 'x' }), { code: 'USAGE', message: /LISTEN_FDS is "x"/ });
});

t.test('what is for another process is ignored, and that is said', async (t) => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '1', WATCHDOG_PID: '7', WATCHDOG_USEC: '1000000' };
  const { descriptor, watchdogMs, ignored } = take(env);
  t.equal(descriptor, undefined);
  t.equal(watchdogMs, undefined);
  t.match(ignored, [/socket was ignored: LISTEN_PID is 7, this process is 42/, /watchdog was ignored/]);
});

t.test('sockets that nobody is named for are ignored, and that is said', async (t) => {
  for (const count of ['1', 'x']) {
    const { descriptor, ignored } = take({ LISTEN_FDS: count });
    t.equal(descriptor, undefined);
    t.match(ignored, [/socket was ignored: LISTEN_FDS is set, but no LISTEN_PID/]);
  }
});

t.test('the rest is read, and everything is gone from the environment', async (t) => {
  const env: Record<string, string> = {
    LISTEN_PID: '42',
    LISTEN_FDS: '1',
    LISTEN_FDNAMES: 'rpc',
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '30000000',
    JOURNAL_STREAM: '9:1234',
    INVOCATION_ID: 'abc',
    MAINPID: '42',
    HOME: '/h',
  };
  t.match(takeActivation(env, 42), {
    notifySocket: '/run/notify',
    watchdogMs: 30_000,
    ignored: [],
  });
  t.strictSame(env, { HOME: '/h' });
  t.equal(take({ WATCHDOG_USEC: 'x' }).watchdogMs, undefined);
});
