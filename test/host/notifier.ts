// What systemd is told: against a socket of a program that knows nothing of us, and in order.
import { constants } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createLog, type Log } from '#src/host/log.js';
import { loadNative, type Native } from '#src/host/native.js';
import { createNotifier } from '#src/host/notifier.js';
import { noReceiver, receiveNotifications } from '../fixtures/notify-receiver.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

function logTo(lines: string[]): Log {
  const stream = { writableLength: 0, write: (text: string) => lines.push(text) > 0 };
  return createLog({ stream, level: 'debug', format: 'json' });
}

/** A notifier whose messages are kept; `answer` is what sending them answers. */
function notifierTo(t: Test, sent: string[], answer: () => number = () => 0) {
  const logged: string[] = [];
  const native: Pick<Native, 'sendDatagram'> = {
    sendDatagram: (_socket, text) => {
      const fault = answer();
      if (fault === 0) sent.push(text);
      return fault;
    },
  };
  const notifier = createNotifier({ socket: '/n', watchdogMs: 20, native, log: logTo(logged) });
  t.teardown(() => notifier.close());
  return { notifier, logged };
}

t.test(
  'a receiver gets each message whole, by path and in the abstract namespace',
  { skip: noReceiver },
  async (t) => {
    const native = await loadNative();
    const path = join(tempFolder(t), 'n');
    for (const name of [path, `@${path}`]) {
      const lines = await receiveNotifications(t, name);
      const notifier = createNotifier({ socket: name, watchdogMs: undefined, native, log: logTo([]) });
      notifier.ready();
      notifier.reloading();
      notifier.status(() => '2 sessions live');
      await until('the messages', () => lines.length === 3);
      t.match(lines, [
        `${process.pid} 'READY=1'`,
        /'RELOADING=1\\nMONOTONIC_USEC=\d+'/,
        `${process.pid} 'STATUS=2 sessions live'`,
      ]);
      notifier.close();
    }
  },
);

t.test('the watchdog is fed from the moment of readiness to the end', async (t) => {
  const sent: string[] = [];
  const { notifier } = notifierTo(t, sent);
  notifier.status(() => 'starting');
  await until('the status', () => sent.length === 1);
  t.strictSame(sent, ['STATUS=starting']);
  notifier.ready();
  notifier.ready();
  await until('several meals', () => sent.filter((text) => text === 'WATCHDOG=1').length > 2);
  notifier.stopping();
  t.equal(sent.at(-1), 'STOPPING=1\nSTATUS=stopping');
  notifier.close();
  const { length } = sent;
  notifier.ready();
  notifier.stopping();
  t.equal(sent.length, length, 'then nothing more is said');
});

t.test('a status is made when it is told, and told once however often it changes', async (t) => {
  const sent: string[] = [];
  const { notifier } = notifierTo(t, sent);
  let made = 0;
  for (let index = 0; index < 100; index += 1) notifier.status(() => `made ${(made += 1)} times`);
  await until('a status', () => sent.length > 0);
  t.strictSame(sent, ['STATUS=made 1 times']);
});

t.test('systemd is asked for patience until the work is done', async (t) => {
  const sent: string[] = [];
  const { notifier } = notifierTo(t, sent);
  notifier.patience(1500);
  t.strictSame(sent, ['EXTEND_TIMEOUT_USEC=1500000']);
  const work = until('another request', () => sent.length > 1);
  await notifier.patienceFor(work);
  t.match(sent[1], /^EXTEND_TIMEOUT_USEC=\d+$/);
  await t.rejects(notifier.patienceFor(Promise.reject(new Error('the work failed'))), {
    message: 'the work failed',
  });
});

t.test('a full queue is tried again, any other fault is logged', async (t) => {
  const sent: string[] = [];
  let faults = 2;
  const slow = notifierTo(t, sent, () => ((faults -= 1) >= 0 ? constants.errno.EAGAIN : 0));
  slow.notifier.reloading();
  await until('the third attempt', () => sent.length === 1);
  t.strictSame(slow.logged, []);
  const gone = notifierTo(t, sent, () => constants.errno.ECONNREFUSED);
  gone.notifier.ready();
  t.match(JSON.parse(gone.logged[0] ?? ''), {
    level: 'error',
    told: 'READY=1',
    errno: constants.errno.ECONNREFUSED,
  });
});

t.test('what waits for a full queue is told in its order', async (t) => {
  const sent: string[] = [];
  let faults = 1;
  const { notifier } = notifierTo(t, sent, () => ((faults -= 1) >= 0 ? constants.errno.EAGAIN : 0));
  notifier.reloading();
  notifier.patience(1000);
  notifier.stopping();
  t.strictSame(sent, []);
  await until('all three', () => sent.length === 3);
  t.match(sent, [/^RELOADING=1/, 'EXTEND_TIMEOUT_USEC=1000000', /^STOPPING=1/]);
});

t.test('that nobody hears is logged once, and again after somebody did', async (t) => {
  const sent: string[] = [];
  let fault: number = constants.errno.ENOENT;
  const { notifier, logged } = notifierTo(t, sent, () => fault);
  for (let count = 0; count < 100; count += 1) notifier.patience(1000);
  t.equal(logged.length, 1);
  fault = 0;
  notifier.patience(1000);
  t.equal(sent.length, 1);
  fault = constants.errno.ENOENT;
  notifier.patience(1000);
  t.equal(logged.length, 2);
});

t.test('without a socket nobody is told anything', async (t) => {
  const native = { sendDatagram: () => t.fail('something was sent') };
  const notifier = createNotifier({
    socket: undefined,
    watchdogMs: 1,
    native: { sendDatagram: () => Number(native.sendDatagram()) },
    log: logTo([]),
  });
  notifier.ready();
  notifier.status(() => 'x');
  notifier.stopping();
  t.equal(await notifier.patienceFor(Promise.resolve(7)), 7);
  notifier.close();
});
