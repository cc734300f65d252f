// Programs over `child_process` that print the same in Node and in a session.
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
