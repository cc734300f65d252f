// What the daemon tells its operator.
import t from 'tap';
import { startDaemon } from '../fixtures/daemon.js';
import { until } from '../fixtures/until.js';

t.test('off a terminal every line is JSON, with the ids of what it is about', async (t) => {
  const daemon = await startDaemon(t, { args: ['--log-level', 'debug'] });
  const client = await daemon.connect();
  const { id: session } = await client.call('session.create', {});
  const { id: execution } = await client.call('exec.repl', { session, code: '"two\\nlines"' });
  await daemon.stop();
  const lines = daemon
    .stderr()
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
  t.match(lines[0], { time: /Z$/, level: 'info', message: String });
  t.ok(lines.some((line) => line['message'] === 'listening' && line['socket'] === daemon.socketPath));
  t.match(
    lines.filter((line) => line['message'] === 'request' && line['method'] === 'exec.repl'),
    [{ level: 'debug', requestId: 2, connection: Number, ms: Number }],
  );
  t.match(
    lines.filter((line) => line['executionId'] === execution && line['requestId'] === 2),
    [{ sessionId: session, status: 'ok' }],
  );
  t.equal(lines.at(-1)?.['message'], 'stopped');
});

t.test('a log that nobody reads does not hold the daemon up', async (t) => {
  const daemon = await startDaemon(t, { args: ['--log-level', 'debug'] });
  daemon.child.stderr?.pause();
  const client = await daemon.connect();
  for (let round = 0; round < 20; round += 1) {
    const ids = Array.from({ length: 200 }, () => client.send('system.health'));
    await client.reply(ids.at(-1) ?? 0);
  }
  t.match(await daemon.call('system.health'), { status: 'ok' });
  daemon.child.stderr?.resume();
  await until('the log to go on', () => daemon.stderr().includes('system.health'));
  t.match(await daemon.stop(), { code: 0 });
});

t.test('a terminal’s format can be asked for', async (t) => {
  const daemon = await startDaemon(t, { args: ['--log-format', 'pretty'] });
  await daemon.stop();
  t.match(daemon.stderr(), /^\d\d:\d\d:\d\d\.\d{3} INFO  listening socket=/m);
});
