// The prompt: through a pipe, and through a pseudo-terminal made by script(1).
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { newId } from '#src/records/index.js';
import { RpcError } from '#src/rpc/errors.js';
import type { Call, Handlers } from '#src/rpc/server.js';
import { cliProgram, runCli, spawnCli, spawnProgram, type CliProcess } from '../../fixtures/cli.js';
import {
  anExecution,
  aSession,
  aTemplate,
  fakeDaemon,
  numbered,
  send,
  sessionId,
  type FakeDaemon,
} from '../../fixtures/fake-daemon.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

/** Answers each input with itself as a string; `spin` runs until it is cancelled, `undefined` is what it says. */
const handlers: Partial<Handlers> = {
  'session.create': () => aSession,
  'session.get': () => aSession,
  'template.get': () => aTemplate,
  'events.subscribe': () => ({ subscription: 'sub_0123456789abcdef' }),
  'session.complete': ({ text }) => ({ items: text.endsWith('ma') ? ['map', 'max'] : [], replaces: 'ma' }),
  'exec.repl': async ({ code }, call) => {
    if (code === 'spin') return spin(call);
    if (code === 'undefined') return anExecution({ result: { type: 'undefined', preview: 'undefined' } });
    if (code === 'throw 1') {
      return anExecution({
        status: 'error',
        error: { name: 'Error', message: 'x', stack: '    at repl:1:1' },
      });
    }
    // A later turn: a prompt that does not wait would send the next line before this answer.
    await new Promise((resolve) => setImmediate(resolve));
    const id = newId('exe');
    send(call, numbered([{ type: 'console', payload: { level: 'log', text: 'out' } }]), id);
    return anExecution({ id, result: { type: 'string', preview: `'${code.replaceAll('\n', '|')}'` } });
  },
};

const spin = (call: Call): Promise<never> =>
  new Promise((_resolve, reject) => {
    call.signal.addEventListener('abort', () => reject(new RpcError('REQUEST_CANCELLED', 'cancelled')));
  });

const inputs = (daemon: FakeDaemon): unknown[] =>
  daemon.calls.filter(({ method }) => method === 'exec.repl').map(({ params }) => Object(params).code);

t.test('a pipe is read line by line, each answered before the next, without prompts', async (t) => {
  const daemon = await fakeDaemon(t, handlers);
  const input = '1\nfunction f() {\n  return 1\n}\nundefined\nthrow 1\n\n2';
  const exit = await runCli(t, ['repl', 's', '--socket', daemon.socketPath], { input });
  t.strictSame(exit, {
    code: 0,
    stdout: "out\n'1'\nout\n'function f() {|  return 1|}'\nout\n'2'\n",
    stderr: 'Uncaught Error: x\n    at repl:1:1\n',
  });
});

t.test('code that lacks its end when the pipe ends is run, so that its error is seen', async (t) => {
  const daemon = await fakeDaemon(t, handlers);
  await runCli(t, ['repl', 's', '--socket', daemon.socketPath], { input: 'f(\n' });
  t.strictSame(inputs(daemon), ['f(\n']);
});

t.test('a new session is kept, and how to come back is said', async (t) => {
  const daemon = await fakeDaemon(t, handlers);
  const exit = await runCli(t, ['repl', '--template', 'x', '--socket', daemon.socketPath], { input: '1\n' });
  t.match(exit, {
    code: 0,
    stderr: `session ${sessionId} is kept; come back with "vmsys repl ${sessionId}"\n`,
  });
  t.match(daemon.calls[0], { method: 'session.create', params: { template: 'x' } });
  t.notOk(daemon.calls.some(({ method }) => method === 'session.delete'));
});

t.test('.load runs a file under its name, .session shows the session', async (t) => {
  const daemon = await fakeDaemon(t, handlers);
  const cwd = tempFolder(t);
  writeFileSync(join(cwd, 'a.js'), 'let a = 1\na + 1\n');
  const input = '.load a.js\n.load none.js\n.session\n2\n';
  const exit = await runCli(t, ['repl', 's', '--socket', daemon.socketPath], { input, cwd });
  t.match(exit.stdout, /^out\n'let a = 1\|a \+ 1\|'\nid +ses_/);
  t.match(exit.stdout, /'2'\n$/);
  t.match(exit.stderr, /none\.js/);
  t.match(daemon.calls.find(({ method }) => method === 'exec.repl')?.params, { filename: join(cwd, 'a.js') });
});

t.test('a session that does not exist is exit status 3', async (t) => {
  const daemon = await fakeDaemon(t, {
    'session.get': () => {
      throw new RpcError('SESSION_NOT_FOUND', 'no session "s"');
    },
  });
  t.match(await runCli(t, ['repl', 's', '--socket', daemon.socketPath]), { code: 3 });
});

t.test('after the daemon went away the next line connects again', async (t) => {
  const daemon = await fakeDaemon(t, handlers);
  const cli = spawnCli(t, ['repl', 's', '--socket', daemon.socketPath]);
  cli.child.stdin.write('1\n');
  await until('the first answer', () => cli.stdout().includes("'1'"));
  await daemon.stop();
  await until('the loss to be said', () => cli.stderr().includes('The connection is lost'));
  cli.child.stdin.write('2\n');
  await until('the failure', () => cli.stderr().includes('vmsys: connecting to'));
  const again = await fakeDaemon(t, handlers, daemon.socketPath);
  cli.child.stdin.end('3\n');
  t.match(await cli.exited, { code: 0, stdout: /'3'\n$/ });
  t.strictSame(inputs(again), ['3']);
});

const noScript = spawnSync('script', ['--version']).status !== 0 && 'there is no script(1) here';

t.test('on a terminal', { skip: noScript }, async (t) => {
  const open = (t: Teardown, daemon: FakeDaemon, home: string): CliProcess => {
    const command = `${process.execPath} ${cliProgram} repl s --socket ${daemon.socketPath}`;
    return spawnProgram(t, 'script', ['-qfec', command, '/dev/null'], { home, env: { TERM: 'xterm' } });
  };

  t.test('values are coloured, undefined is shown, history is kept between runs', async (t) => {
    const daemon = await fakeDaemon(t, handlers);
    const home = tempFolder(t);
    const first = open(t, daemon, home);
    await until('the prompt', () => first.stdout().endsWith('> \u001b[3G'));
    first.child.stdin.write('7\r');
    await until('the value', () => first.stdout().includes("\u001b[32m'7'\u001b[39m"));
    first.child.stdin.write('undefined\r');
    await until('undefined', () => first.stdout().includes('\u001b[90mundefined\u001b[39m'));
    first.child.stdin.write('\u0004');
    t.equal((await first.exited).code, 0);
    const history = join(home, 'state', 'vmsys', 'repl_history');
    t.equal(readFileSync(history, 'utf8'), 'undefined\n7');
    t.equal(statSync(history).mode & 0o777, 0o600);

    const second = open(t, daemon, home);
    await until('the prompt', () => second.stdout().endsWith('> \u001b[3G'));
    second.child.stdin.write('\u001b[A\u001b[A\r');
    await until('the line of the first run', () => inputs(daemon).length === 3);
    t.equal(inputs(daemon).at(-1), '7');
  });

  t.test('Ctrl-C stops what runs, the session goes on, and a paste waits its turn', async (t) => {
    const daemon = await fakeDaemon(t, handlers);
    const cli = open(t, daemon, tempFolder(t));
    await until('the prompt', () => cli.stdout().endsWith('> \u001b[3G'));
    cli.child.stdin.write('spin\rdropped\r');
    await until('the call', () => inputs(daemon).length === 1);
    cli.child.stdin.write('\u0003');
    await until('the interruption', () => cli.stdout().includes('Interrupted.'));
    cli.child.stdin.write('1\rf(\r2\r)\r');
    await until('the answers', () => cli.stdout().includes("'f(|2|)'"));
    t.strictSame(inputs(daemon), ['spin', '1', 'f(\n2\n)']);
    await until('the prompt', () => cli.stdout().endsWith('> \u001b[3G'));
    cli.child.stdin.write('\u0003\u0003');
    t.equal((await cli.exited).code, 0);
  });

  t.test('Tab completes from the live session', async (t) => {
    const daemon = await fakeDaemon(t, handlers);
    const cli = open(t, daemon, tempFolder(t));
    await until('the prompt', () => cli.stdout().endsWith('> \u001b[3G'));
    // Node takes a Tab for a pasted one where more comes with it.
    cli.child.stdin.write('[].ma');
    await until('the text', () => cli.stdout().endsWith('ma'));
    cli.child.stdin.write('\t');
    await until('the question', () => daemon.calls.at(-1)?.method === 'session.complete');
    cli.child.stdin.write('\t');
    await until('the offer', () => /map\s+max/.test(cli.stdout()));
    t.match(daemon.calls.at(-1), {
      method: 'session.complete',
      params: { session: sessionId, text: '[].ma' },
    });
  });

  t.test('what a timer prints appears in front of the prompt', async (t) => {
    let later = (): void => undefined;
    const daemon = await fakeDaemon(t, {
      ...handlers,
      'events.subscribe': (_params, call) => {
        later = () => send(call, numbered([{ type: 'console', payload: { level: 'log', text: 'tick' } }]));
        return { subscription: 'sub_0123456789abcdef' };
      },
    });
    const cli = open(t, daemon, tempFolder(t));
    await until('the prompt', () => cli.stdout().endsWith('> \u001b[3G'));
    cli.child.stdin.write('xyz');
    await until('the text', () => cli.stdout().includes('xyz'));
    later();
    await until('the prompt again', () => /tick\r?\n.*> xyz/s.test(cli.stdout()));
    t.notOk(inputs(daemon).length);
  });

  t.test('.help names our commands beside those of Node', async (t) => {
    const daemon = await fakeDaemon(t, handlers);
    const cli = open(t, daemon, tempFolder(t));
    await until('the prompt', () => cli.stdout().endsWith('> \u001b[3G'));
    cli.child.stdin.write('.help\r');
    await until('the help', () => /\.session +Show the session/.test(cli.stdout()));
    t.match(cli.stdout(), /\.editor +/);
    t.match(cli.stdout(), /\.load +Run a file/);
    for (const name of ['checkpoint', 'checkpoints', 'undo', 'fork']) t.match(cli.stdout(), `.${name} `);
  });
});
