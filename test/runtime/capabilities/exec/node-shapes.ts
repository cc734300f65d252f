// Programs over `child_process` that print the same in Node and in a session.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { printedByNode, printedBySession } from '../../../fixtures/node-program.js';
import { openTestRuntime } from '../../../fixtures/runtime.js';
import { tempFolder } from '../../../fixtures/temp.js';

const program = `(async () => {
  const { execFile, execFileSync, spawnSync } = require('child_process');
  const log = (...values) => console.log(JSON.stringify(values));
  const codeOf = (work) => { try { return String(work()) } catch (error) { return error.code } };
  const text = { encoding: 'utf8' };
  log(execFileSync('cat', undefined, { ...text, input: 'in' }), execFileSync('cat', null, { ...text, input: 'in' }), execFileSync('cat', { ...text, input: 'in' }));
  log(spawnSync('pwd', undefined, { ...text, cwd: 'sub' }).stdout === process.cwd() + '/sub\\n');
  const folder = new URL('sub/', 'file://' + process.cwd() + '/');
  log(execFileSync('ls', [], { ...text, cwd: folder }), codeOf(() => execFileSync('ls', [], { cwd: 5 })), codeOf(() => execFileSync('ls', [], { cwd: null })));
  const run = execFile[Symbol.for('nodejs.util.promisify.custom')];
  log(await run('echo', ['a', 'b']), await run('ls', { cwd: folder }));
  log(await run('cat', ['none']).catch(({ code, stdout, stderr }) => [code, stdout, stderr.includes('none')]));
  log(await new Promise((resolve) => execFile('cat', ['none'], (error, stdout, stderr) => resolve([error.code, error.killed, stdout, typeof stderr]))));
  const child = execFile('echo', ['a']);
  log(child.spawnfile, child.spawnargs, child.killed, child.signalCode, typeof child.pid);
})()`;

t.test('programs are called in every form that Node takes', async (t) => {
  const tree = tempFolder(t);
  mkdirSync(join(tree, 'sub'));
  writeFileSync(join(tree, 'sub/file.txt'), '');
  writeFileSync(join(tree, 'program.js'), program);
  const runtime = await openTestRuntime(t);
  const allow = ['cat', 'pwd', 'ls', 'echo'];
  runtime.templates.create({
    name: 'x',
    capabilities: [{ kind: 'module', name: 'exec', config: { allow } }],
  });
  const session = await runtime.sessions.create({ template: 'x', worktree: tree });
  t.strictSame(
    await printedBySession(runtime, session, 'program.js'),
    await printedByNode(tree, 'program.js'),
  );
});

/** What a program's outputs become: what is answered, and what is printed beside it. */
const outputs = `
  const { execFileSync, spawnSync } = require('child_process');
  const log = (...values) => console.log(JSON.stringify(values));
  const attempt = (work) => { try { return work() } catch ({ message, code, status, stdout, stderr }) { return [message, status === undefined ? code : status, stdout, stderr] } };
  const both = ['-c', 'echo out; echo error >&2'];
  const failing = ['-c', 'echo out; echo error >&2; exit 3'];
  const silent = ['-c', 'exit 3'];
  const { stdout, stderr } = process;
  const all = [undefined, null, 'pipe', 'ignore', 'inherit', [], ['pipe', 'pipe'], [0, 1, 2], ['pipe', 2, 1],
    ['ignore', 'pipe', 'inherit'], [null, undefined, 'ignore'], ['pipe', 'inherit', 'pipe'], ['ignore', stdout, stderr]];
  for (const stdio of all) for (const encoding of ['utf8', undefined]) {
    const options = { encoding, stdio };
    log(all.indexOf(stdio), attempt(() => execFileSync('sh', both, options)));
    log(attempt(() => execFileSync('sh', failing, options)));
    log(attempt(() => execFileSync('sh', silent, options)));
    const { status, signal, stdout, stderr, output } = spawnSync('sh', both, options);
    log(status, signal, stdout, stderr, output);
  }
  for (const run of [execFileSync, spawnSync]) log(attempt(() => run('sh', both, { stdio: 'bad' }))[1]);
  log(spawnSync('sh', both, { maxBuffer: Infinity, windowsHide: true, input: null, env: null, encoding: 'utf8' }).stdout);
`;

t.test('standard output and errors go where Node has them go', async (t) => {
  const tree = tempFolder(t);
  writeFileSync(join(tree, 'program.js'), outputs);
  const runtime = await openTestRuntime(t);
  runtime.templates.create({
    name: 'x',
    capabilities: [{ kind: 'module', name: 'exec', config: { allow: ['sh'] } }],
  });
  const session = await runtime.sessions.create({ template: 'x', worktree: tree });
  const {
    status,
    error,
    events = [],
  } = await runtime.executions.runFile({
    session: session.id,
    path: 'program.js',
  });
  t.equal(status, 'ok', error?.stack ?? '');
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const printed = (isError: boolean): string[] =>
    events.flatMap((event) =>
      (event.type === 'console' || event.type === 'stdout' || event.type === 'stderr') &&
      (event.type === 'stderr') === isError
        ? lines(event.payload.text)
        : [],
    );
  const inNode = spawnSync(process.execPath, [join(tree, 'program.js')], { cwd: tree, encoding: 'utf8' });
  t.strictSame(printed(false), lines(inNode.stdout));
  t.strictSame(printed(true), lines(inNode.stderr));
});

t.test('what Node has and a session has not says so', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({
    name: 'x',
    capabilities: [{ kind: 'module', name: 'exec', config: { allow: ['true'] } }],
  });
  const session = await runtime.sessions.create({ template: 'x', worktree: tempFolder(t) });
  const messageOf = (call: string): Promise<unknown> =>
    runtime.value(
      session,
      `try { require('child_process').${call} } catch ({ code, message }) { [code, message] }`,
    );
  for (const call of [`spawn('true')`, `fork('x.js')`, `exec('true')`, `execSync('true')`])
    t.match(await messageOf(call), ['ERR_METHOD_NOT_IMPLEMENTED', /; use run, .*execFileSync/], call);
  for (const option of [`shell: true`, 'detached: true', `argv0: 'x'`, 'uid: 0', 'gid: 0']) {
    const named = new RegExp(`exec: options.${option.split(':')[0]}: `);
    t.match(await messageOf(`execFileSync('true', [], { ${option} })`), ['ERR_INVALID_ARG_VALUE', named]);
  }
  for (const [stdio, at] of [
    [`['pipe', 'overlapped']`, 1],
    [`[null, null, 3]`, 2],
    [`[{}, 'pipe']`, 0],
    [`['pipe', 'pipe', 'pipe', 'pipe']`, 3],
  ] as const)
    t.match(await messageOf(`spawnSync('true', [], { stdio: ${stdio} })`), [
      'ERR_INVALID_ARG_VALUE',
      new RegExp(`'stdio' is invalid: for ${at} expected 'pipe'`),
    ]);
  t.match(await messageOf(`run('true', [], { stdio: 'inherit' })`), ['ERR_INVALID_ARG_VALUE', /stdio/]);
});
