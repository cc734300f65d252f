import * as fc from 'fast-check';
import t from 'tap';
import { formatJournal, formatJson, formatPretty, logLevels, type LogLine } from '#src/host/log-format.js';

const line = (message: string, fields: LogLine['fields'] = {}): LogLine => ({
  time: new Date('2025-01-02T03:04:05.678Z'),
  level: 'info',
  message,
  fields,
});

t.test('a pretty line has time, level, message and fields', async (t) => {
  const text = formatPretty(
    line('listening', { socket: '/run/s', ms: 1.5, code: undefined, note: 'two words' }),
    {
      colour: false,
    },
  );
  t.equal(text, '03:04:05.678 INFO  listening socket=/run/s ms=1.5 note="two words"');
  t.match(formatPretty(line('x'), { colour: true }), /\u001b\[32mINFO/);
});

t.test('a JSON line has the same', async (t) => {
  t.strictSame(
    JSON.parse(formatJson(line('listening', { requestId: 7, sessionId: 'ses_1', gone: undefined }))),
    {
      time: '2025-01-02T03:04:05.678Z',
      level: 'info',
      message: 'listening',
      requestId: 7,
      sessionId: 'ses_1',
    },
  );
});

t.test('an error is shown with its stack and its cause', async (t) => {
  const error = new Error('outer', { cause: new TypeError('inner') });
  const json: unknown = JSON.parse(formatJson(line('failed', { error })));
  t.match(json, { error: /Error: outer[^]*log-format[^]*TypeError: inner/ });
  t.match(formatPretty(line('failed', { error }), { colour: false }), /outer\\n.*TypeError: inner/);
});

t.test('whatever is logged, it is one line without control characters', async (t) => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.anything());
  fc.assert(
    fc.property(
      fc.constantFrom(...logLevels),
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.constantFrom('a', 'b', 'sessionId'), anything),
      (level, message, fields) => {
        const entry = { ...line(message, fields), level };
        // eslint-disable-next-line no-control-regex
        const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
        JSON.parse(formatJson(entry));
        return !control.test(formatPretty(entry, { colour: false })) && !/[\r\n]/.test(formatJson(entry));
      },
    ),
  );
  t.end();
});

t.test('no line is longer than the journal takes, and what was cut says so', async (t) => {
  const long = '\u{1f600}"\n'.repeat(30_000);
  const entries = [
    line(long),
    line('x', { text: long, error: new Error(long), list: Array.from({ length: 50_000 }, () => 'abc') }),
    line(
      'x',
      Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`field${at}`, long.slice(0, 100)])),
    ),
  ];
  for (const entry of entries) {
    for (const text of [formatJson(entry), formatJournal(entry)]) {
      t.ok(Buffer.byteLength(text) < 48 * 1024, `${Buffer.byteLength(text)} bytes`);
      t.match(JSON.parse(text.replace(/^<\d>/, '')), { truncated: true, message: String });
    }
  }
  const stack = 'x'.repeat(5000);
  const cut = JSON.parse(formatJson(line('x', { stack, long })));
  t.match(cut, { stack }, 'of what fits nothing is cut');
});
