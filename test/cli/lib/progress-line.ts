// Progress on a terminal: one line, as wide as there is room, and gone at the end.
import t from 'tap';
import { openProgressLine, progressText } from '#src/cli/lib/progress-line.js';
import type { Context } from '#src/cli/context.js';
import { plain } from '#src/cli/output/paint.js';

function contextWith(json: boolean, env: Context['env'] = {}) {
  const written: string[] = [];
  const context: Context = {
    json,
    env,
    cwd: '/',
    signal: new AbortController().signal,
    socketPath: '/s',
    paint: plain,
    paintError: plain,
    write: (to, text) => void written.push(`${to}:${text}`),
    connect: () => Promise.reject(new Error('not in this test')),
  };
  return { context, written };
}

const terminal = { isTTY: true, columns: 200 };

t.test('a step whose end is known has a bar, any other says what it knows', async (t) => {
  t.equal(
    progressText({ library: 'lodash', step: 'fetch', done: 1024 * 1024, total: 2 * 1024 * 1024 }, 200),
    `lodash  fetching  ${'█'.repeat(12)}${'░'.repeat(12)}  1.0 MiB of 2.0 MiB`,
  );
  const moving = (done: number) => progressText({ library: 'x', step: 'fetch', done }, 200);
  t.equal(moving(2048), `x  fetching  ${'█'.repeat(4)}${'░'.repeat(20)}  2.0 KiB`);
  t.equal(moving(5 * 128 * 1024), `x  fetching  ${'░'.repeat(5)}${'█'.repeat(4)}${'░'.repeat(15)}  640 KiB`);
  t.equal(moving(23 * 128 * 1024).split('  ')[2], `${'█'.repeat(3)}${'░'.repeat(20)}█`);
  t.equal(
    progressText({ library: 'x', step: 'bundle', done: 3, total: 2 }, 200).split('  ').at(-1),
    '3 of 2',
  );
  t.equal(progressText({ library: 'x', step: 'check' }, 200), 'x  loading it for a try');
});

t.test('the line fits the terminal and steers it nowhere', async (t) => {
  t.equal(progressText({ library: 'x'.repeat(300), step: 'store' }, 80).length, 79);
  t.notMatch(progressText({ library: '\u001b[2J', step: 'store' }, 80), '\u001b');
});

t.test('a line is written over and erased', async (t) => {
  const { context, written } = contextWith(false);
  const line = openProgressLine(context, terminal);
  line.show({ library: 'a', step: 'resolve' });
  line.show({ library: 'a', step: 'store' });
  line.erase();
  line.erase();
  t.strictSame(written, [
    'stderr:\r\u001b[Ka  looking it up',
    'stderr:\r\u001b[Ka  storing',
    'stderr:\r\u001b[K',
  ]);
});

t.test('nothing is written in a pipe, for --json, or where the cursor cannot move', async (t) => {
  for (const [{ context, written }, output] of [
    [contextWith(false), {}],
    [contextWith(true), terminal],
    [contextWith(false, { TERM: 'dumb' }), terminal],
  ] as const) {
    const line = openProgressLine(context, output);
    line.show({ library: 'a', step: 'resolve' });
    line.erase();
    t.strictSame(written, []);
  }
});
