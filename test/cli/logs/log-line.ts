import t from 'tap';
import { formatLine, parseJournalEntry, parseText } from '#src/cli/logs/log-line.js';
import { lastOf, parseSince, type Query } from '#src/cli/logs/query.js';
import { plain } from '#src/cli/output/paint.js';

const time = '2026-11-23T03:00:00.000Z';
const micros = String(Date.parse(time) * 1000);

t.test('an entry of the journal is read, whatever its message is', async (t) => {
  const entry = (fields: object) =>
    parseJournalEntry(JSON.stringify({ __REALTIME_TIMESTAMP: micros, PRIORITY: '6', ...fields }));
  t.strictSame(entry({ MESSAGE: '{"level":"info","message":"listening","pid":7}' }), {
    time,
    level: 'info',
    message: 'listening',
    fields: { pid: 7 },
  });
  t.match(entry({ MESSAGE: 'Started vmsysd.service.' }), {
    level: 'info',
    message: 'Started vmsysd.service.',
  });
  t.match(entry({ MESSAGE: [27, 91, 0x61], PRIORITY: '3' }), { level: 'error', message: '\u001b[a' });
  t.match(entry({ MESSAGE: null, PRIORITY: '4' }), { level: 'warn', message: '' });
  t.match(entry({ MESSAGE: '{"message":7}', PRIORITY: '7' }), { level: 'debug', message: '{"message":7}' });
  t.equal(parseJournalEntry('-- cursor: s=1'), undefined);
  t.equal(parseJournalEntry('{"MESSAGE":"no time"}'), undefined);
});

t.test('a line of the file has its own time, and its level', async (t) => {
  const line = parseText(`{"time":"${time}","level":"warn","message":"m","__proto__":{"a":1}}`, {
    time: 'x',
    level: 'info',
  });
  t.match(line, { time, level: 'warn', message: 'm' });
  t.match(parseText('{"message":"m","time":"never","level":"loud"}', { time, level: 'info' }), {
    time,
    level: 'info',
  });
  t.match(parseText('    at f (file.js:1:1)', { time, level: 'error' }), {
    time,
    level: 'error',
    message: '    at f (file.js:1:1)',
  });
});

t.test('a line is shown on one line, and steers no terminal', async (t) => {
  const line = {
    time,
    level: 'error' as const,
    message: 'it\u001b[2J failed',
    fields: { error: 'a\nb', n: 1, path: '/a b' },
  };
  t.equal(
    formatLine(line, { paint: plain, short: false }),
    `${time} ERROR it\ufffd[2J failed error=${JSON.stringify('a\nb')} n=1 path="/a b"`,
  );
});

t.test('lines of several sources come in the order of time, the last ones of those that match', async (t) => {
  const at = (second: number, message: string, level: 'info' | 'error' = 'info') => ({
    time: new Date(second * 1000).toISOString(),
    level,
    message,
    fields: {},
  });
  const query: Query = { lines: 3, since: undefined, priority: 'debug' };
  const texts = (changes: Partial<Query>) =>
    lastOf(
      { ...query, ...changes },
      [at(1, 'a'), at(5, 'e'), at(5, 'f')],
      [at(2, 'b', 'error'), at(5, 'g')],
    ).map(({ message }) => message);
  t.strictSame(texts({}), ['e', 'f', 'g']);
  t.strictSame(texts({ priority: 'error' }), ['b']);
  t.strictSame(texts({ lines: 9, since: new Date(2000) }), ['b', 'e', 'f', 'g']);
  t.strictSame(texts({ lines: 0 }), []);
});

t.test('since is a while ago, or a time', async (t) => {
  const now = new Date('2026-11-23T12:00:00Z');
  t.equal(parseSince('90s', now).toISOString(), '2026-11-23T11:58:30.000Z');
  t.equal(parseSince('3d', now).toISOString(), '2026-11-20T12:00:00.000Z');
  t.equal(parseSince('2026-11-23T08:00:00Z', now).toISOString(), '2026-11-23T08:00:00.000Z');
  t.throws(() => parseSince('yesterday', now), { name: 'UsageFault', message: /expected 90s, 10m/ });
});
