// Results to lines: tables, records, names and text.
import t from 'tap';
import { explain, stackLines } from '#src/cli/output/explain.js';
import { failureLines, printedEvent, valueText } from '#src/cli/output/execution.js';
import { highlight } from '#src/cli/output/highlight.js';
import { paintFor, plain, takesColours, type Paint } from '#src/cli/output/paint.js';
import { formatResult, nextPage } from '#src/cli/output/result.js';
import { RpcError } from '#src/rpc/errors.js';
import { anExecution, aSession, aTemplate, numbered } from '../../fixtures/fake-daemon.js';

const tagged: Paint = (style, text) => `<${style}>${text}</>`;

t.test('a list is a table without its empty columns', async (t) => {
  const items = [aSession, { ...aSession, name: 'work', storedBytes: 12_345 }];
  t.strictSame(formatResult('session.list', { items }, plain), [
    'id                    name  status  residency  storedBytes  lastUsedAt',
    'ses_0123456789abcdef        ready   live       0 B          2026-01-02T03:04:05.678Z',
    'ses_0123456789abcdef  work  ready   live       12 KiB       2026-01-02T03:04:05.678Z',
  ]);
});

t.test('a cell is one line, cut, and steers no terminal', async (t) => {
  const items = [anExecution({ code: `a\n\u001b[2Jb${'c'.repeat(100)}` })];
  const [, row = ''] = formatResult('exec.list', { items }, plain);
  t.ok(row.endsWith(`a \u{fffd}[2Jb${'c'.repeat(52)}…`), row);
});

t.test('an unknown list shows its plain fields, a list of names is one a line', async (t) => {
  t.strictSame(formatResult('other.list', { items: [{ id: 'a', deep: {}, n: 1 }] }, plain), [
    'id  n',
    'a   1',
  ]);
  t.strictSame(formatResult('session.complete', { items: ['map', 'max'], replaces: 'ma' }, plain), [
    'map',
    'max',
  ]);
  t.strictSame(formatResult('session.list', { items: [] }, plain), []);
});

t.test('a record is aligned names and values, nested ones dotted', async (t) => {
  const record = {
    id: 'x',
    limits: { cpuMs: 5 },
    roots: [],
    extensions: ['.js', '.ts'],
    files: [{ path: 'a' }],
  };
  t.strictSame(formatResult('template.get', record, plain), [
    'id             x',
    'limits.cpuMs   5',
    'extensions     .js, .ts',
    'files[0].path  a',
  ]);
  t.strictSame(formatResult('session.delete', {}, plain), []);
});

t.test('libraries are shown by their ids, and which of them have changed', async (t) => {
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const libraries = [
    { id: 'lodash@4.17.21', integrity },
    { id: 'mylib@local', integrity },
  ];
  const session = { ...aSession, libraries, stale: [{ id: 'mylib@local', change: 'changed' }] };
  const text = 'lodash@4.17.21, mylib@local (changed since)';
  const lines = formatResult('session.get', session, plain);
  t.ok(lines.includes(`libraries        ${text}`), lines.join('\n'));
  t.notMatch(lines.join('\n'), /stale|sha512/);
  t.match(formatResult('session.list', { items: [session] }, plain)[1], `  ${text}  `);
  t.match(
    formatResult('template.get', { ...aTemplate, libraries }, plain).join('\n'),
    / {2}lodash@4\.17\.21, mylib@local$/m,
  );
});

t.test('metrics are their text, the OpenRPC document is JSON', async (t) => {
  t.strictSame(formatResult('system.metrics', { contentType: 'text/plain', text: 'a 1\nb 2\n' }, plain), [
    'a 1\nb 2',
  ]);
  t.strictSame(formatResult('rpc.discover', { openrpc: '1' }, plain), ['{\n  "openrpc": "1"\n}']);
});

t.test('a further page is named by its flag', async (t) => {
  t.equal(nextPage({ items: [], nextCursor: 'c1' }), 'more: add --cursor c1');
  t.equal(nextPage({ items: [] }), undefined);
});

t.test('what a script prints goes where it said', async (t) => {
  const printed = numbered([
    { type: 'input_echo', payload: { text: '1' } },
    { type: 'console', payload: { level: 'log', text: 'a' } },
    { type: 'console', payload: { level: 'error', text: 'b' } },
    { type: 'console', payload: { level: 'warn', text: 'c' } },
    { type: 'stdout', payload: { text: 'd' } },
    { type: 'stderr', payload: { text: 'e' } },
    { type: 'value', payload: { type: 'number', preview: '1' } },
    { type: 'exception', payload: { name: 'Error', message: 'x' } },
  ]).map((event) => printedEvent(event, plain));
  t.strictSame(printed, [
    undefined,
    { to: 'stdout', text: 'a\n' },
    { to: 'stderr', text: 'b\n' },
    { to: 'stderr', text: 'c\n' },
    { to: 'stdout', text: 'd' },
    { to: 'stderr', text: 'e' },
    undefined,
    undefined,
  ]);
});

t.test('undefined is no text, any other value its preview', async (t) => {
  t.equal(valueText({ type: 'undefined', preview: 'undefined' }, plain), undefined);
  t.equal(valueText({ type: 'null', preview: 'null' }, plain), 'null');
});

t.test('a failure says what was thrown, once, and what became of the session', async (t) => {
  const error = { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at f (a.js:1:2)' };
  t.strictSame(failureLines(anExecution({ status: 'error', error }), plain), [
    'Uncaught TypeError: no',
    '    at f (a.js:1:2)',
  ]);
  t.strictSame(
    failureLines(anExecution({ status: 'timeout', state: 'rolled_back', error }), plain).at(-1),
    'The session is as it was before this call.',
  );
  t.strictSame(failureLines(anExecution(), plain), []);
  t.strictSame(stackLines({ name: 'E', message: 'm', stack: '    at f (a.js:1:2)\n' }), [
    'E: m',
    '    at f (a.js:1:2)',
  ]);
});

t.test(
  'an RPC error is its name and message, with every fault and the error of a startup file',
  async (t) => {
    t.strictSame(
      explain(
        new RpcError('VALIDATION_ERROR', 'two faults', {
          details: {
            issues: [
              { path: 'limits.cpuMs', message: 'too small' },
              { path: '', message: 'odd' },
            ],
          },
        }),
      ),
      ['vmsys: VALIDATION_ERROR: two faults', '  limits.cpuMs: too small', '  params: odd'],
    );
    t.strictSame(
      explain(
        new RpcError('STARTUP_FAILED', 'init.js failed', {
          details: {
            sessionId: 'ses_1',
            error: { name: 'Error', message: 'x', stack: '    at init.js:1:1' },
          },
        }),
      ),
      ['vmsys: STARTUP_FAILED: init.js failed', '  Error: x', '      at init.js:1:1', '  session: ses_1'],
    );
  },
);

t.test('the parts of a preview are coloured, its names are not', async (t) => {
  const cases: [string, string][] = [
    ['1', '<yellow>1</>'],
    ["'a 1'", "<green>'a 1'</>"],
    [
      "{ a1: 'b', null: null, x: undefined }",
      "{ a1: <green>'b'</>, null: <bold>null</>, x: <gray>undefined</> }",
    ],
    ['[ -1.5, 2n, true ]', '[ <yellow>-1.5</>, <yellow>2n</>, <yellow>true</> ]'],
    ['[Function: f]', '<cyan>[Function: f]</>'],
    ['<ref *1> { a: [Circular *1] }', '<cyan><ref *1></> { a: <cyan>[Circular *1]</> }'],
    ["Map(1) { 'k' => /a[/]b/g }", "Map(<yellow>1</>) { <green>'k'</> => <red>/a[/]b/g</> }"],
  ];
  for (const [preview, coloured] of cases) t.equal(highlight(preview, 'object', tagged), coloured);
  t.equal(highlight("TypeError: can't", 'TypeError', tagged), "TypeError: can't");
});

t.test('highlighting only adds colours, and leaves a long text alone', async (t) => {
  const hard = "'\\".repeat(20_000) + '/['.repeat(20_000) + '[A'.repeat(20_000);
  t.equal(highlight(hard, 'string', tagged), hard);
  t.equal(highlight(hard.slice(0, 8000), 'string', plain), hard.slice(0, 8000));
});

t.test('colours follow the flag, then NO_COLOR, then FORCE_COLOR, then the terminal', async (t) => {
  const terminal = { isTTY: true };
  t.equal(takesColours(terminal, {}, undefined), true);
  t.equal(takesColours({}, {}, undefined), false);
  t.equal(takesColours(terminal, { TERM: 'dumb' }, undefined), false);
  t.equal(takesColours(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, undefined), false);
  t.equal(takesColours({}, { FORCE_COLOR: '1' }, undefined), true);
  t.equal(takesColours(terminal, {}, false), false);
  t.equal(takesColours({}, { NO_COLOR: '1' }, true), true);
  t.equal(paintFor(true)('red', 'x'), '\u001b[31mx\u001b[39m');
});
