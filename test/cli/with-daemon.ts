// The built CLI with the built daemon, which the CLI starts itself.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../fixtures/cli.js';
import { tempFolder } from '../fixtures/temp.js';

t.test('the first call starts a daemon, and a session goes on from call to call', async (t) => {
  const home = tempFolder(t);
  const run = (...args: string[]) => runCli(t, args, { home, env: { VMSYS_NO_START: '' } });
  // The folder is removed after this: the last teardown runs first.
  t.teardown(() => run('system', 'shutdown'));
  t.match(await run('system', 'shutdown'), { code: 4, stderr: /no such socket/ });

  t.match(await run('session', 'create', '--name', 'work'), { code: 0, stdout: /^status +ready$/m });
  t.match(await run('exec', 'repl', 'work', 'let x = 41; console.log("hello"); x + 1'), {
    code: 0,
    stdout: 'hello\n42\n',
    stderr: '',
  });
  t.match(await run('exec', 'repl', 'work', 'x'), { code: 0, stdout: '41\n' });

  writeFileSync(join(home, 'a.js'), 'console.log(vmsys.args.join(), process.env.A); x');
  t.match(await run('exec', 'run-file', 'work', 'a.js', '1', 'b', '--env', 'A=z'), {
    code: 0,
    stdout: /^1,b z\n/,
  });
  t.match(await run('exec', 'run-file', 'work', 'none.js'), { code: 3, stderr: /^vmsys: FILE_NOT_FOUND: / });

  t.match(await run('exec', 'repl', 'work', 'throw new TypeError("no")'), {
    code: 1,
    stderr: /^Uncaught TypeError: no\n/,
  });
  t.match(await run('exec', 'repl', 'work', 'for (;;);', '--timeout-ms', '200'), { code: 124 });
  t.match(await run('session', 'get', 'none'), { code: 3, stderr: /^vmsys: SESSION_NOT_FOUND: / });

  t.match(await run('eval', 'setTimeout(() => console.log("later"), 1); "now"'), {
    code: 0,
    stdout: /^later\n.now.\n$/,
  });
  t.equal(
    JSON.parse((await run('session', 'list', '--json')).stdout).items.length,
    1,
    'eval left no session behind',
  );
});

t.test('the prompt talks to a session that other calls made', async (t) => {
  const home = tempFolder(t);
  const env = { VMSYS_NO_START: '' };
  t.teardown(() => runCli(t, ['system', 'shutdown'], { home }));
  await runCli(t, ['session', 'create', '--name', 'work'], { home, env });
  await runCli(t, ['exec', 'repl', 'work', 'let x = 1'], { home, env });
  const input = 'x + 1\nfunction f() {\n  return x\n}\nf()\nconsole.log("out")\n';
  t.match(await runCli(t, ['repl', 'work'], { home, env, input }), {
    code: 0,
    stdout: '2\n1\nout\n',
    stderr: '',
  });
});
