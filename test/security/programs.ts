// Attacks through programs that a template allows: by what they are called with, by what they start, print and leave.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { attacked, module } from '../fixtures/attacked.js';
import { until } from '../fixtures/until.js';

/** Process ids of all that run with this word among their arguments. */
function running(word: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(word) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

let marks = 0;
/** A number of seconds that no other `sleep` of this machine has. */
const seconds = (): string => `${1_000_000 + process.pid}.${++marks}`;

t.test('only what an entry of the list says is run, word by word, and never by a shell', async (t) => {
  const { runtime, tree, outside, session, attempt, faults } = await attacked(t);
  const marker = join(outside, 'ran');
  writeFileSync(join(tree, 'git'), `#!/bin/sh\ntouch ${marker}\n`);
  chmodSync(join(tree, 'git'), 0o755);
  symlinkSync('/bin/sh', join(tree, 'echo'));
  const s = await session([module('exec', { allow: ['echo', 'git log', '/bin/true'] })], {
    env: { PATH: `${tree}:/usr/bin:/bin` },
  });
  for (const call of [
    `run('sh', ['-c', 'touch ${marker}'])`,
    `run('/bin/echo')`,
    `run('./echo', ['-c', 'touch ${marker}'])`,
    `run('../tree/git')`,
    `run('${tree}/git', ['log'])`,
    `run('true')`,
    `run('/bin/../bin/true')`,
    `run('echo; touch ${marker}')`,
    `run('echo\\ntouch')`,
    `run('git')`,
    `run('git', ['status'])`,
    `run('git', ['-c', 'alias.log=!touch ${marker}', 'log'])`,
    `run('git', ['--exec-path=${tree}', 'log'])`,
    `run('git log')`,
    `run('git', [' log'])`,
    `run('git', ['log '])`,
  ])
    t.equal(await attempt(s, `require('exec').${call}`), 'EACCES', call);
  const cure = async (call: string): Promise<string> => {
    const code = `(() => { try { require('exec').${call} } catch (e) { return e.message } })()`;
    const message = await runtime.value(s, code);
    return typeof message === 'string' ? (/(?:vmsys|a program|exec\.run:) .*/.exec(message)?.[0] ?? '') : '';
  };
  const command = 'vmsys template add-capability attacked1 module exec --config ';
  const allow = (...more: string[]): string =>
    JSON.stringify({ allow: ['echo', 'git log', '/bin/true', ...more] });
  t.equal(await cure(`run('git', ['status', '-s'])`), `${command}'${allow('git status')}'`);
  t.equal(await cure(`run('git', ['-C', '/'])`), `${command}'${allow('git')}'`);
  t.equal(await cure(`run("a';touch\tpwned")`), 'a program with a space in its name cannot be granted');
  t.equal(await cure(`run("a';x;'")`), `${command}'${allow(`a';x;'`).replaceAll(`'`, `'\\''`)}'`);
  t.match(await cure(`run('echo', [], { env: { 'X; touch pwned #': '' } })`), /is no name of a variable/);
  t.equal(await attempt(s, `require('exec').run('', [])`), 'ERR_INVALID_ARG_TYPE');
  t.equal(
    await attempt(
      s,
      `require('exec').run('echo', ['$(touch ${marker})', '; touch ${marker}', '\`touch ${marker}\`', '| tee x']).stdout`,
    ),
    `$(touch ${marker}) ; touch ${marker} \`touch ${marker}\` | tee x\n`,
  );
  for (const call of [`execSync('touch ${marker}')`, `exec('touch ${marker}')`])
    t.equal(await attempt(s, `require('child_process').${call}`), 'ERR_METHOD_NOT_IMPLEMENTED', call);
  t.equal(
    await attempt(s, `require('child_process').spawnSync('echo', ['x'], { shell: true }).error.code`),
    'ERR_INVALID_ARG_VALUE',
  );
  t.notOk(existsSync(marker));
  t.same(faults(), []);
});

t.test('NOT promised: an entry does not bound what its program does with further arguments', async (t) => {
  const { tree, outside, session, attempt } = await attacked(t);
  execFileSync('git', ['init', '-q', tree]);
  execFileSync('git', [
    '-C',
    tree,
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'x',
  ]);
  const s = await session([module('exec', { allow: ['git log', 'cat'] })]);
  t.equal(await attempt(s, `require('exec').run('git', ['log', '--output=${outside}/log']).status`), 0);
  t.ok(existsSync(join(outside, 'log')), 'git log writes where it is told to');
  t.equal(
    await attempt(s, `require('exec').run('cat', ['${outside}/secret.txt']).stdout`),
    'secret',
    'grants of kind fs are not for programs',
  );
});

t.test('a program starts inside the grants, also where its folder is swapped meanwhile', async (t) => {
  const { tree, outside, session, attempt } = await attacked(t);
  mkdirSync(join(tree, 'sub'));
  symlinkSync(outside, join(tree, 'out'));
  const s = await session([module('exec', { allow: ['pwd', 'ls'] })]);
  for (const cwd of ['..', 'out', '/', outside, '/proc/self/cwd', `${tree}/../outside`])
    t.equal(
      await attempt(s, `require('exec').run('pwd', ['-P'], { cwd: ${JSON.stringify(cwd)} })`),
      'EACCES',
      cwd,
    );
  t.equal(await attempt(s, `require('exec').run('pwd', ['-P'], { cwd: 'sub' }).stdout`), `${tree}/sub\n`);
  const own = await attempt(s, `require('exec').run('ls', ['-l', '/proc/self/fd']).stdout`);
  const files = String(own)
    .split('\n')
    .flatMap((line) => / -> (\/.*)$/.exec(line)?.[1] ?? []);
  t.same(
    files.filter((file) => !/^\/(?:proc|dev)\//.test(file)),
    [],
    'no file of the daemon is open in it',
  );
});

t.test('time, output and input are bounded', async (t) => {
  const { session, attempt, faults } = await attacked(t);
  const s = await session([
    module('exec', { allow: ['sleep', 'yes', 'cat', 'true'], timeoutMs: 500, maxBytes: 10_000 }),
  ]);
  t.equal(await attempt(s, `require('exec').run('sleep', ['${seconds()}'])`), 'ETIMEDOUT');
  t.equal(
    await attempt(s, `require('exec').run('sleep', ['${seconds()}'], { timeoutMs: 1e9 })`),
    'ETIMEDOUT',
  );
  t.equal(
    await attempt(s, `require('exec').run('yes', [], { maxBytes: 1e12 })`),
    'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
  );
  t.equal(
    await attempt(s, `require('exec').run('cat', [], { input: 'x'.repeat(20_000) })`),
    'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
  );
  t.equal(await attempt(s, `require('exec').run('true', [], { input: 'x'.repeat(5e6) }).status`), 0);
  t.equal(await attempt(s, `require('exec').run('true', ['x'.repeat(131072)])`), 'E2BIG');
  t.equal(await attempt(s, `require('exec').run('true', Array(10_001).fill('x'))`), 'ERR_INVALID_ARG_TYPE');
  for (const option of [
    'maxBytes: 1.5',
    'maxBytes: -1',
    'maxBytes: NaN',
    'timeoutMs: -1',
    'timeoutMs: NaN',
    `cwd: 'a\\0b'`,
    'env: []',
    'input: 5',
  ])
    t.match(
      await attempt(s, `require('exec').run('true', [], { ${option} })`),
      /^(?:ERR_INVALID_ARG|0)|^\{|object/,
      option,
    );
  t.same(faults(), []);
});

t.test('a bomb of forks ends with its program', async (t) => {
  const { session, attempt, run, faults } = await attacked(t);
  const s = await session([module('exec', { allow: ['sh'] })]);
  const mark = seconds();
  // Each of them forks two, four deep, half of them in sessions of their own: bounded, for this machine's sake.
  const bomb = `bomb() { [ $1 -gt 0 ] && { bomb $(($1 - 1)) & setsid sh -c "sleep ${mark} & sleep ${mark}" & bomb $(($1 - 1)) & }; sleep ${mark}; }; bomb 4`;
  const startedAt = performance.now();
  t.equal(
    await attempt(s, `require('exec').run('sh', ['-c', ${JSON.stringify(bomb)}], { timeoutMs: 1000 })`),
    'ETIMEDOUT',
  );
  t.same(running(mark), []);
  t.ok(performance.now() - startedAt < 15_000);
  const cut = await run(s, `require('exec').run('sh', ['-c', ${JSON.stringify(bomb)}])`, { timeoutMs: 500 });
  t.equal(cut.status, 'timeout');
  await until('nothing of it runs', () => running(mark).length === 0);
  // One that goes on forking: as fast as a shell can, never more than a few at once.
  const chain = `i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); (exec sleep ${mark}) & [ $((i % 20)) -eq 0 ] && kill $(jobs -p) 2>/dev/null; done`;
  t.match(
    await attempt(s, `require('exec').run('sh', ['-c', ${JSON.stringify(chain)}], { timeoutMs: 500 })`),
    /ETIMEDOUT|object/,
  );
  t.same(running(mark), []);
  t.same(faults(), []);
});

t.test('what a program leaves behind ends with it, wherever it went', async (t) => {
  const { session, attempt } = await attacked(t);
  const s = await session([module('exec', { allow: ['sh'] })]);
  const mark = seconds();
  for (const leave of [
    `sleep ${mark} &`,
    `setsid sleep ${mark} &`,
    `nohup sleep ${mark} > /dev/null 2>&1 &`,
    `(setsid sh -c '(sleep ${mark} &)' &)`,
    `trap '' TERM HUP INT; sleep ${mark} &`,
  ]) {
    const code = `require('exec').run('sh', ['-c', ${JSON.stringify(leave)}]).status`;
    t.equal(await attempt(s, code), 0, leave);
    t.same(running(mark), [], leave);
  }
});

t.test('programs end with their execution, their session and their worker', async (t) => {
  const { runtime, session, run } = await attacked(t);
  const mark = seconds();
  const sleeping = `require('exec').run('sh', ['-c', 'setsid sleep ${mark} & sleep ${mark}'])`;
  const ends: Record<string, (id: string) => unknown> = {
    interrupt: (id) => runtime.sessions.interrupt(id),
    close: (id) => runtime.sessions.close(id),
    delete: (id) => runtime.sessions.delete(id),
  };
  for (const [name, end] of Object.entries(ends)) {
    const s = await session([module('exec', { allow: ['sh'] })]);
    const calling = run(s, sleeping).catch((error: unknown) => error);
    await until('it runs', () => running(mark).length > 1);
    await t.rejects(
      runtime.sessions.hibernate(s.id),
      { code: 'SESSION_BUSY' },
      'a session is not put to sleep meanwhile',
    );
    await end(s.id);
    await calling;
    await until(`nothing runs after ${name}`, () => running(mark).length === 0);
  }
  const s = await session([module('exec', { allow: ['sh'] })]);
  const calling = run(s, sleeping).catch((error: unknown) => error);
  await until('it runs', () => running(mark).length > 1);
  await runtime.close({ graceMs: 0 });
  await calling;
  t.same(running(mark), [], 'nothing runs after the runtime was closed');
});

t.test('NOT promised: a program that forgets its parents, group and environment may stay', async (t) => {
  const { session, attempt } = await attacked(t);
  const s = await session([module('exec', { allow: ['sh'] })]);
  const mark = seconds();
  const leave = `setsid env -i sh -c '(setsid sleep ${mark} > /dev/null 2>&1 < /dev/null &)' > /dev/null 2>&1 < /dev/null`;
  t.equal(await attempt(s, `require('exec').run('sh', ['-c', ${JSON.stringify(leave)}]).status`), 0);
  t.teardown(() => running(mark).forEach((pid) => process.kill(pid, 'SIGKILL')));
  t.pass('the service’s control group ends it with the daemon');
});
