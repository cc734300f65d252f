// Forks, checkpoints and going back, by the built CLI and its prompt with the built daemon.
import t from 'tap';
import { runCli, type CliExit } from '../fixtures/cli.js';
import { startDaemon, type RunningDaemon } from '../fixtures/daemon.js';
import type { Teardown } from '../fixtures/temp.js';

interface Setting {
  daemon: RunningDaemon;
  cli(...args: string[]): Promise<CliExit>;
  /** Types these lines at the prompt of a session. */
  repl(session: string, ...lines: string[]): Promise<CliExit>;
}

async function start(t: Teardown): Promise<Setting> {
  const daemon = await startDaemon(t);
  const cli = (...args: string[]) => runCli(t, args, { home: daemon.home });
  const repl = (session: string, ...lines: string[]) =>
    runCli(t, ['repl', session], { home: daemon.home, input: `${lines.join('\n')}\n` });
  await daemon.call('session.create', { name: 'work' });
  return { daemon, cli, repl };
}

t.test('a checkpoint is made, listed with its size, and gone back to', async (t) => {
  const { cli } = await start(t);
  await cli('exec', 'repl', 'work', 'let n = 1');
  const made = await cli('session', 'checkpoint', 'work', 'before');
  t.match(made, { code: 0, stdout: /^checkpoint +chk_\w+\nlabel +before\n/ });
  await cli('exec', 'repl', 'work', 'n = 2');
  t.match(await cli('session', 'checkpoints', 'work'), {
    code: 0,
    stdout: /^checkpoint +label +bytes +createdAt\nchk_\w+ +before +[\d.]+ KiB +\d{4}-/,
  });
  t.match(await cli('session', 'rollback', 'work', 'before'), {
    code: 0,
    stdout: /^residency +hibernated$/m,
  });
  t.match(await cli('exec', 'repl', 'work', 'n'), { code: 0, stdout: '1\n' });
  t.match(await cli('session', 'rollback', 'work', 'none'), {
    code: 3,
    stderr: /^vmsys: CHECKPOINT_NOT_FOUND: /,
  });
});

t.test('an execution is undone by its id', async (t) => {
  const { cli } = await start(t);
  await cli('exec', 'repl', 'work', 'let n = 1');
  const { id } = JSON.parse((await cli('exec', 'repl', 'work', 'n = 2', '--json')).stdout);
  t.match(await cli('session', 'rollback', 'work', '--execution', id), {
    code: 0,
    stdout: new RegExp(`^restoredFrom +before execution ${id}$`, 'm'),
  });
  t.match(await cli('exec', 'repl', 'work', 'n'), { stdout: '1\n' });
  t.match(await cli('exec', 'get', id), { stdout: /^undoneAt +\d{4}-/m });
  t.match(await cli('session', 'rollback', 'work', '--execution', id), {
    code: 5,
    stderr: /^vmsys: STATE_UNAVAILABLE: .*was undone at/,
  });
});

t.test('rollback says what it needs where that is missing, or too much', async (t) => {
  const { cli } = await start(t);
  for (const args of [[], ['chk_1', '--execution', 'exe_1']]) {
    t.match(await cli('session', 'rollback', 'work', ...args), {
      code: 2,
      stderr: /either checkpoint or execution/,
    });
  }
  t.match(await cli('session', 'rollback', '--help'), {
    code: 0,
    stdout: /session rollback SESSION \[CHECKPOINT\] \[FLAGS\][^]*--execution <.+> +.*id of an execution/i,
  });
});

t.test('a fork is a session of its own, and the list shows what is live and what it costs', async (t) => {
  const { cli } = await start(t);
  await cli('exec', 'repl', 'work', 'let n = 1');
  t.match(await cli('session', 'fork', 'work', 'copy'), {
    code: 0,
    stdout: /^name +copy$[^]*^residency +hibernated$/m,
  });
  await cli('exec', 'repl', 'copy', 'n = 2');
  t.match(await cli('exec', 'repl', 'work', 'n'), { stdout: '1\n' });
  t.match(await cli('session', 'hibernate', 'work'), { code: 0, stdout: /^residency +hibernated$/m });
  const { stdout } = await cli('session', 'list');
  const [head = '', copy, work] = stdout.split('\n');
  t.match(head, /^id +name +status +residency +storedBytes +lastUsedAt/);
  t.match(copy, /copy +ready +live +[\d.]+ KiB/);
  t.match(work, /work +ready +hibernated +[\d.]+ KiB/);
  t.match(await cli('session', 'fork', 'work', 'copy'), { code: 5, stderr: /^vmsys: NAME_TAKEN: / });
});

t.test('at the prompt .undo takes back calls, says which, and goes on from there', async (t) => {
  const { repl } = await start(t);
  const first = await repl('work', 'let n = 1', 'n = 2', 'n =\n 3', '.undo', 'n', '.undo 2', 'n');
  t.match(first, {
    code: 0,
    stdout: '2\n3\nundid: n = 3\n2\nundid: n\nundid: n = 2\n1\n',
    stderr: '',
  });
  const later = await repl('work', 'n = 5', '.undo 2', 'n', '.undo 9', '.undo x', '.undo 0');
  t.match(later, { code: 0, stdout: '5\nundid: n = 5\nundid: n\n1\nonly 2 to undo; ".undo 2" does\n' });
  t.match(later.stderr, /^vmsys: \.undo: expected how many calls, got "x"\nusage: \.undo \[N\]\nvmsys: /);
});

t.test('at the prompt .undo leaves alone what failed without effect, and a fresh session', async (t) => {
  const { daemon, repl } = await start(t);
  t.match(await repl('work', '.undo'), { stdout: 'nothing to undo\n' });
  await daemon.call('exec.repl', { session: 'work', code: 'var n = 1' });
  await daemon.call('exec.repl', { session: 'work', code: 'n = 2; throw 0', onFailure: 'rollback' });
  t.match(await repl('work', '.undo', 'typeof n'), { stdout: "undid: var n = 1\n'undefined'\n" });
});

t.test('at the prompt .checkpoint and .checkpoints keep and list states', async (t) => {
  const { cli, repl } = await start(t);
  const exit = await repl(
    'work',
    '.checkpoints',
    'let n = 1',
    '.checkpoint my label',
    'n = 2',
    '.checkpoints',
  );
  const said =
    /^no checkpoints yet.*\ncheckpoint (chk_\w+), [\d.]+ KiB; go back with "vmsys (session rollback ses_\w+ chk_\w+)"\n2\ncheckpoint +label/;
  t.match(exit, { code: 0, stdout: said, stderr: '' });
  t.match(exit.stdout, /my label +[\d.]+ KiB/);
  const command = said.exec(exit.stdout)?.[2] ?? '';
  t.match(await cli(...command.split(' ')), { code: 0 });
  t.match(await repl('work', 'n'), { stdout: '1\n' });
});

t.test('at the prompt .fork goes on in the copy and says how to come back', async (t) => {
  const { repl } = await start(t);
  const exit = await repl(
    'work',
    'let n = 1',
    '.fork side',
    'n = 2',
    'setTimeout(() => console.log("tick"), 1); n',
  );
  t.match(exit, {
    code: 0,
    stdout: /^now in session ses_\w+ \(side\); back to the original with "vmsys repl work"\n2\n2\n/,
    stderr: /^session ses_\w+ is kept; come back with "vmsys repl ses_\w+"\n$/,
  });
  t.match(await repl('work', 'n'), { stdout: '1\n', stderr: '' });
  t.match(await repl('side', 'n'), { stdout: '2\n' });
  t.match(await repl('work', '.fork side', 'n'), { stdout: '1\n', stderr: /NAME_TAKEN/ });
});
