// The built CLI against the real server of the wire, with handlers of the test behind it.
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { RpcError, type ErrorCode } from '#src/rpc/errors.js';
import { runCli, spawnCli } from '../fixtures/cli.js';
import {
  anExecution,
  aSession,
  executionId,
  fakeDaemon,
  numbered,
  send,
  sessionId,
} from '../fixtures/fake-daemon.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

t.test('a method is called with the params that the words say, and its result printed', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'session.get': () => ({ ...aSession, name: 'work' }),
    'system.summary': () => ({
      sessions: { ready: 1, live: 1, hibernated: 0, crashed: 0, closed: 0 },
      liveSessionIds: [sessionId],
      executions: { running: 0, total: 0 },
      workers: { busy: 0, idle: 1, max: 32 },
    }),
    'template.addStartup': () => {
      throw new RpcError('TEMPLATE_NOT_FOUND', 'no template "t"');
    },
  });
  const text = await runCli(t, ['--socket', socketPath, 'session', 'get', '123']);
  t.match(text, { code: 0, stderr: '' });
  t.match(text.stdout, /^id +ses_0123456789abcdef\n(?:.*\n)*name +work\n$/);
  t.strictSame(calls, [{ method: 'session.get', params: { session: '123' } }]);

  const json = await runCli(t, ['session', 'get', '123', '--json'], { env: { VMSYS_SOCKET: socketPath } });
  t.strictSame(JSON.parse(json.stdout), { ...aSession, name: 'work' });

  const summary = await runCli(t, ['system', 'summary', '--socket', socketPath]);
  t.match(summary.stdout, /^workers\.max +32$/m);

  const missing = await runCli(t, [
    'template',
    'add-startup',
    't',
    'init.js',
    '--order',
    '2',
    `--socket=${socketPath}`,
  ]);
  t.match(missing, { code: 3, stdout: '', stderr: 'vmsys: TEMPLATE_NOT_FOUND: no template "t"\n' });
  t.strictSame(calls.at(-1), {
    method: 'template.addStartup',
    params: { template: 't', path: 'init.js', order: 2 },
  });
});

t.test('a session is made in the current folder, unless another or none is asked for', async (t) => {
  const cwd = realpathSync(tempFolder(t));
  mkdirSync(join(cwd, 'sub'));
  const { socketPath, calls } = await fakeDaemon(t, { 'session.create': () => aSession });
  const env = { VMSYS_SOCKET: socketPath };
  await runCli(t, ['session', 'create', '--name', '123'], { cwd, env });
  await runCli(t, ['session', 'create', '--worktree', 'sub'], { cwd, env });
  await runCli(t, ['session', 'create', '--no-worktree'], { cwd, env });
  t.strictSame(
    calls.map(({ params }) => params),
    [{ name: '123', worktree: cwd }, { worktree: join(cwd, 'sub') }, {}],
  );
});

t.test('output comes as it happens and once, then the value', async (t) => {
  const events = numbered([
    { type: 'input_echo', payload: { text: 'code' } },
    { type: 'console', payload: { level: 'log', text: 'first' } },
    { type: 'console', payload: { level: 'error', text: 'bad' } },
    { type: 'stdout', payload: { text: 'no line end' } },
    { type: 'value', payload: { type: 'number', preview: '42' } },
  ]);
  const { promise, resolve } = withResolvers();
  const { socketPath, calls } = await fakeDaemon(t, {
    'exec.repl': async (_params, call) => {
      send(call, events.slice(0, 2));
      await promise;
      send(call, events.slice(2));
      return anExecution({ events, result: { type: 'number', preview: '42' } });
    },
  });
  const cli = spawnCli(t, ['exec', 'repl', 's', '6*7', '--socket', socketPath]);
  await until('the first output', () => cli.stdout() === 'first\n');
  resolve();
  t.strictSame(await cli.exited, { code: 0, stdout: 'first\nno line end\n42\n', stderr: 'bad\n' });
  t.match(calls, [{ params: { session: 's', code: '6*7', stream: true } }]);
});

t.test('events that were missed are read again, in order and once', async (t) => {
  const events = numbered(
    Array.from({ length: 6 }, (_, at) => ({ type: 'console', payload: { level: 'log', text: `${at + 1}` } })),
  );
  const { socketPath } = await fakeDaemon(t, {
    'exec.events': ({ afterSeq = 0 }) => {
      const items = events.slice(afterSeq, 5);
      return { items, nextSeq: Math.max(afterSeq, 5) };
    },
    'exec.repl': async (_params, call) => {
      send(call, events.slice(0, 2));
      call.connection.notify('exec.missed', { executionId, sessionId, firstSeq: 3 });
      send(call, events.slice(4));
      return anExecution({ events });
    },
  });
  const exit = await runCli(t, ['exec', 'repl', 's', 'x', '--socket', socketPath]);
  t.strictSame(exit, { code: 0, stdout: '1\n2\n3\n4\n5\n6\n', stderr: '' });
});

t.test('with --json an execution is one document and nothing else', async (t) => {
  const execution = anExecution({
    status: 'error',
    error: { name: 'Error', message: 'x' },
    events: numbered([{ type: 'console', payload: { level: 'log', text: 'a' } }]),
  });
  const { socketPath, calls } = await fakeDaemon(t, { 'exec.runFile': () => execution });
  const words = ['exec', 'run-file', 's', 'a.js', 'x', '1', '--env', 'A=1', '--json', '--', '--flag'];
  const exit = await runCli(t, [...words.slice(0, -2), '--socket', socketPath, ...words.slice(-2)]);
  t.equal(exit.code, 1);
  t.equal(exit.stderr, '');
  t.strictSame(JSON.parse(exit.stdout), execution);
  t.strictSame(calls[0]?.params, { session: 's', path: 'a.js', args: ['x', '1', '--flag'], env: { A: '1' } });
});

t.test('the exit status says how an execution ended', async (t) => {
  const error = { name: 'Error', message: 'why', stack: '    at a.js:1:1' };
  const expected = {
    ok: 0,
    error: 1,
    timeout: 124,
    limit_exceeded: 124,
    cancelled: 130,
    crashed: 5,
    interrupted: 5,
  } as const;
  for (const [status, code] of Object.entries(expected)) {
    const { socketPath } = await fakeDaemon(t, {
      'exec.repl': ({ code: status }) =>
        // The code of this test is a status.
        anExecution(status === 'ok' ? {} : { status: status as keyof typeof expected, error }),
    });
    const exit = await runCli(t, ['exec', 'repl', 's', status, '--socket', socketPath]);
    t.equal(exit.code, code, status);
    if (status !== 'ok') t.match(exit.stderr, /Error: why\n    at a\.js:1:1\n$/);
  }
});

t.test('the exit status says which RPC error it was', async (t) => {
  const expected: [ErrorCode, number][] = [
    ['VALIDATION_ERROR', 2],
    ['SESSION_NOT_FOUND', 3],
    ['FILE_NOT_FOUND', 3],
    ['METHOD_NOT_FOUND', 5],
    ['SESSION_BUSY', 5],
    ['REQUEST_CANCELLED', 130],
  ];
  for (const [name, code] of expected) {
    const { socketPath } = await fakeDaemon(t, {
      'session.get': () => {
        throw new RpcError(name, 'because');
      },
    });
    const exit = await runCli(t, ['session', 'get', 's', '--socket', socketPath]);
    t.strictSame(exit, { code, stdout: '', stderr: `vmsys: ${name}: because\n` });
  }
});

t.test('wrong usage is exit status 2, says how it would be right, and connects to nothing', async (t) => {
  const cases: [string[], RegExp][] = [
    [['sesion', 'list'], /unknown command "sesion"; did you mean "session"\?/],
    [['session', 'lst'], /unknown command "session lst"; did you mean "session list"\?/],
    [['exec', 'repl', 's'], /missing CODE\nusage: vmsys exec repl SESSION CODE \[FLAGS\]/],
    [['session', 'list', '--statu', 'ready'], /did you mean "--status"\?/],
    [['session', 'list', '--limit', '0'], /VALIDATION_ERROR: .*limit/s],
    [['template', 'create'], /VALIDATION_ERROR: .*name: missing/s],
    [['call', 'system.health', '{'], /PARAMS: expected JSON/],
    [['eval'], /missing CODE/],
    [['repl', '--json'], /repl takes no --json/],
  ];
  for (const [words, message] of cases) {
    const exit = await runCli(t, words);
    t.match(exit, { code: 2, stdout: '', stderr: message }, words.join(' '));
    t.ok(exit.stderr.startsWith('vmsys: '), exit.stderr);
  }
});

t.test('help is made from the table, and a group shows its commands', async (t) => {
  const all = await runCli(t, ['--help']);
  t.match(all, { code: 0, stdout: /exec run-file +Run a file/ });
  t.notMatch(all.stdout, /[ \t]$/m);
  t.match(await runCli(t, ['session', '--help']), { code: 0, stdout: /session create/ });
  t.match(await runCli(t, ['help', 'exec', 'repl']), {
    code: 0,
    stdout: /vmsys exec repl SESSION CODE \[FLAGS\]/,
  });
  t.match(await runCli(t, ['lib', 'add', '--help']), {
    code: 0,
    stdout: /^Put packages .*\n\nUsage:\n.*SPEC….*\n\nArguments:\n  SPEC  `lodash`, /m,
  });
  t.match(await runCli(t, ['exec', 'repl', '--help']), { code: 0, stdout: /--on-failure <keep\|rollback>/ });
  t.match(await runCli(t, ['session']), { code: 2, stdout: /session create/ });
  t.match(await runCli(t, ['--version']), { code: 0, stdout: /^vmsys \d+\.\d+\.\d+\n$/ });
});

t.test('a socket that is missing, dead or forbidden is told apart at once', async (t) => {
  const folder = tempFolder(t);
  const missing = await runCli(t, ['system', 'health', '--no-start', '--socket', join(folder, 'none')]);
  t.match(missing, { code: 4, stdout: '', stderr: /no such socket.*vmsys service doctor/s });

  const dead = join(folder, 'dead');
  writeFileSync(dead, '');
  t.match(await runCli(t, ['system', 'health', '--socket', dead]), { code: 4, stderr: /nothing listens/ });

  const long = await runCli(t, ['system', 'health', '--socket', `/tmp/${'x'.repeat(120)}`]);
  t.match(long, { code: 2, stderr: /at most 107/ });
});

t.test(
  'a forbidden socket is not started over',
  { skip: process.getuid?.() === 0 && 'root may do all' },
  async (t) => {
    const folder = tempFolder(t);
    const path = join(folder, 's');
    const server = createServer().listen(path);
    t.teardown(() => void server.close());
    await until('the socket', () => server.listening);
    chmodSync(path, 0);
    t.match(await runCli(t, ['system', 'health', '--socket', path]), {
      code: 4,
      stderr: /permission denied/,
    });
  },
);

t.test('Ctrl-C cancels the execution, and the exit status says so', async (t) => {
  let cancelled = false;
  const { socketPath, calls } = await fakeDaemon(t, {
    'exec.repl': (_params, call) =>
      new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => {
          cancelled = true;
          reject(new RpcError('REQUEST_CANCELLED', 'cancelled'));
        });
      }),
  });
  const cli = spawnCli(t, ['exec', 'repl', 's', 'for(;;);', '--socket', socketPath]);
  await until('the call', () => calls.length === 1);
  cli.child.kill('SIGINT');
  t.match(await cli.exited, { code: 130, stdout: '' });
  t.ok(cancelled);
});

t.test('a second Ctrl-C ends it at once, though the daemon does not answer', async (t) => {
  let cancelled = false;
  const { socketPath, calls } = await fakeDaemon(t, {
    'exec.repl': (_params, call) =>
      new Promise(() => call.signal.addEventListener('abort', () => (cancelled = true))),
  });
  const cli = spawnCli(t, ['exec', 'repl', 's', '1', '--socket', socketPath]);
  await until('the call', () => calls.length === 1);
  cli.child.kill('SIGINT');
  await until('the cancellation', () => cancelled);
  cli.child.kill('SIGINT');
  t.match(await cli.exited, { code: 130 });
});

t.test('a reader that goes away ends it quietly', async (t) => {
  const [first, second] = numbered([
    { type: 'console', payload: { level: 'log', text: 'first' } },
    { type: 'console', payload: { level: 'log', text: 'second' } },
  ]);
  let say = (_event: typeof first): void => undefined;
  const { socketPath } = await fakeDaemon(t, {
    'exec.repl': (_params, call) => {
      say = (event) => send(call, event === undefined ? [] : [event]);
      say(first);
      return new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(new RpcError('REQUEST_CANCELLED', 'cancelled')));
      });
    },
  });
  const cli = spawnCli(t, ['exec', 'repl', 's', '1', '--socket', socketPath]);
  await until('output', () => cli.stdout() === 'first\n');
  cli.child.stdout.destroy();
  say(second);
  t.match(await cli.exited, { code: 0, stderr: '' });
});

t.test('eval runs code in a session of its own and deletes it', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'session.create': () => aSession,
    'session.delete': () => ({}),
    'exec.repl': ({ code }) => anExecution({ result: { type: 'string', preview: `'${code}'` } }),
  });
  const env = { VMSYS_SOCKET: socketPath };
  t.match(await runCli(t, ['eval', '-1'], { env }), { code: 0, stdout: "'-1'\n" });
  t.match(await runCli(t, ['eval', '-', '--template', 't'], { env, input: 'from stdin' }), {
    code: 0,
    stdout: "'from stdin'\n",
  });
  t.match(
    calls.map(({ method }) => method),
    ['session.create', 'exec.repl', 'session.delete', 'session.create', 'exec.repl', 'session.delete'],
  );
  t.match(calls[1]?.params, { until: 'idle', onDisconnect: 'cancel' });
  t.match(calls[3]?.params, { template: 't' });
});

t.test('eval deletes its session after an error, a failed startup and Ctrl-C', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'session.create': ({ template }) => {
      if (template === 'bad') {
        throw new RpcError('STARTUP_FAILED', 'init.js', {
          details: { sessionId, error: { name: 'E', message: 'm' } },
        });
      }
      return aSession;
    },
    'session.delete': () => ({}),
    'exec.repl': ({ code }, call) => {
      if (code === 'busy') throw new RpcError('SESSION_BUSY', 'busy');
      return new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => reject(new RpcError('REQUEST_CANCELLED', 'cancelled')));
      });
    },
  });
  const env = { VMSYS_SOCKET: socketPath };
  t.match(await runCli(t, ['eval', 'busy'], { env }), { code: 5, stderr: /SESSION_BUSY/ });
  t.equal(calls.at(-1)?.method, 'session.delete');
  t.match(await runCli(t, ['eval', '1', '--template', 'bad'], { env }), { code: 5, stderr: /  E: m/ });
  t.match(calls.at(-1), { method: 'session.delete', params: { session: sessionId } });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const before = calls.length;
    const cli = spawnCli(t, ['eval', 'spin'], { env });
    await until('the execution', () => calls.length === before + 2);
    cli.child.kill(signal);
    t.match(await cli.exited, { code });
    t.equal(calls.at(-1)?.method, 'session.delete', signal);
  }
});

t.test('call takes any method and params as JSON, also from standard input', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, { 'session.get': () => aSession });
  const env = { VMSYS_SOCKET: socketPath };
  const exit = await runCli(t, ['call', 'session.get', '{"session":"s"}'], { env });
  t.strictSame(JSON.parse(exit.stdout), aSession);
  await runCli(t, ['call', 'session.get', '-'], { env, input: '{"session":"t"}' });
  t.match(calls, [{ params: { session: 's' } }, { params: { session: 't' } }]);
  t.match(await runCli(t, ['call', 'no.such'], { env }), { code: 5, stderr: /METHOD_NOT_FOUND/ });
});

t.test('watch prints what happens until Ctrl-C, and says when the daemon goes', async (t) => {
  const daemon = await fakeDaemon(t, {
    'events.subscribe': (_params, call) => {
      setImmediate(() => {
        send(call, numbered([{ type: 'console', payload: { level: 'log', text: 'hello' } }]));
        call.connection.notify('session.changed', { session: aSession });
      });
      return { subscription: 'sub_0123456789abcdef' };
    },
  });
  const words = ['watch', 'work', '--socket', daemon.socketPath];
  const text = spawnCli(t, words);
  await until('both lines', () => text.stdout().split('\n').length === 3);
  t.match(
    text.stdout(),
    /exe_0123456789abcdef console\.log hello\n.* ses_0123456789abcdef session ready live\n/,
  );
  text.child.kill('SIGINT');
  t.match(await text.exited, { code: 130 });
  t.strictSame(daemon.calls[0]?.params, { session: 'work', topics: ['execution', 'session', 'library'] });

  const json = spawnCli(t, [...words, '--json']);
  await until('both lines', () => json.stdout().split('\n').length === 3);
  t.match(
    json
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ executionId, event: { payload: { text: 'hello' } } }, { session: aSession }],
  );
  await daemon.stop();
  t.match(await json.exited, { code: 4, stderr: /the daemon is gone; nothing more is to be seen/ });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
