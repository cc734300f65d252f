import t from 'tap';
import { createLog, type LogStream } from '#src/host/log.js';

/** A stream whose reader can be stopped. */
function stream({ isTTY = false } = {}) {
  const lines: string[] = [];
  const state = { writableLength: 0, reading: true };
  const target: LogStream = {
    isTTY,
    get writableLength() {
      return state.writableLength;
    },
    write: (text, done) => {
      if (text !== '') lines.push(text);
      if (!state.reading) state.writableLength += text.length;
      else done?.();
      return state.reading;
    },
  };
  return { target, lines, state };
}

t.test('lines below the level are not written', async (t) => {
  const { target, lines } = stream();
  const log = createLog({ stream: target, level: 'warn', format: 'json' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d', { requestId: 1 });
  t.equal(log.enabled('info'), false);
  t.equal(log.enabled('warn'), true);
  t.strictSame(
    lines.map((text) => JSON.parse(text).message),
    ['c', 'd'],
  );
});

t.test('auto means pretty on a terminal and JSON elsewhere', async (t) => {
  for (const [isTTY, expected] of [
    [true, /INFO +hello\n$/],
    [false, /^\{.*"hello"\}\n$/],
  ] as const) {
    const { target, lines } = stream({ isTTY });
    createLog({ stream: target, level: 'info', format: 'auto', colour: false }).info('hello');
    t.match(lines[0], expected);
  }
});

t.test('while nobody reads, lines are dropped within bounds and counted afterwards', async (t) => {
  const { target, lines, state } = stream();
  const log = createLog({ stream: target, level: 'debug', format: 'json' });
  state.reading = false;
  const text = 'x'.repeat(40 * 1024);
  for (let index = 0; index < 200; index += 1) log.info(text);
  t.ok(state.writableLength < 1.2 * 1024 * 1024, 'info lines stop at the soft bound');
  for (let index = 0; index < 200; index += 1) log.error(text);
  t.ok(state.writableLength < 4.2 * 1024 * 1024, 'errors stop at the hard bound');
  const written = lines.length;
  state.reading = true;
  state.writableLength = 0;
  log.info('again');
  t.equal(lines.length, written + 2);
  t.match(JSON.parse(lines.at(-2) ?? ''), { level: 'warn', dropped: 400 - written });
  t.match(lines.at(-1), /again/);
});

t.test('flush waits for what was written, up to a time', async (t) => {
  const { target, state } = stream();
  const log = createLog({ stream: target, level: 'info', format: 'json' });
  await log.flush(60_000);
  state.reading = false;
  log.info('stuck');
  await log.flush(1);
  t.pass('a reader that is gone does not hold the end up');
});

t.test('in the journal a line begins with its priority, and has no time of its own', async (t) => {
  const { target, lines } = stream();
  const log = createLog({ stream: target, level: 'debug', format: 'auto', isJournal: true });
  log.debug('a');
  log.info('b', { error: new Error('two\nlines') });
  log.warn('c');
  log.error('d');
  t.match(lines[0], '<7>{"message":"a"}\n');
  t.strictSame(
    lines.map((line) => line.slice(0, 3)),
    ['<7>', '<6>', '<4>', '<3>'],
  );
  t.equal(lines[1]?.trimEnd().includes('\n'), false, 'the rest of a text would have a priority of its own');
});

t.test('a format that was asked for is kept in the journal', async (t) => {
  const { target, lines } = stream();
  createLog({ stream: target, level: 'info', format: 'json', isJournal: true }).info('x');
  t.match(JSON.parse(lines[0] ?? ''), { level: 'info', time: String });
});

t.test('the level can change', async (t) => {
  const { target, lines } = stream();
  const log = createLog({ stream: target, level: 'info', format: 'json' });
  log.debug('a');
  log.setLevel('debug');
  t.ok(log.enabled('debug'));
  log.debug('b');
  t.equal(lines.length, 1);
});
