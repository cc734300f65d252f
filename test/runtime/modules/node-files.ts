// Where a file is, as it sees it: the folder it runs in, its own name, and its `module`. As Node says it, whatever
// became of the session meanwhile.
import t, { type Test } from 'tap';
import type { PolicyInput } from '#src/records/index.js';
import { makeWorktree } from '../../fixtures/modules.js';
import { grantOf, printedByNode, printedBySession } from '../../fixtures/node-program.js';
import { openTestRuntime } from '../../fixtures/runtime.js';
import { until } from '../../fixtures/until.js';

async function open(t: Test, files: Record<string, string>, policy: PolicyInput = {}) {
  const worktree = makeWorktree(t, files);
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'x', capabilities: grantOf('fs', 'path'), ...policy });
  const session = await runtime.sessions.create({ template: 'x', worktree });
  return { runtime, worktree, session, value: (code: string) => runtime.value(session, code) };
}

const files = {
  'data.txt': 'the data',
  'sub/main.js': `
    const fs = require('fs');
    const path = require('path');
    const helper = require('../lib/helper');
    console.log(process.cwd(), path.resolve('data.txt'), path.relative(process.cwd(), __filename));
    console.log(__filename, __dirname, path.basename(process.argv[1]), process.argv[1] === __filename);
    console.log(fs.readFileSync(path.join(__dirname, '../data.txt'), 'utf8'));
    console.log(fs.readFileSync(path.join(process.cwd(), 'data.txt'), 'utf8'));
    console.log(require.main === module, helper.isMain, helper.main === module, module.filename);
    console.log(typeof exports, exports === module.exports, require.resolve('../lib/helper'));
    exports = module.exports = { replaced: true };
    console.log(exports === module.exports, exports.replaced);
    console.log(require(path.join(__dirname, '../lib/helper.js')) === helper, require(require.resolve('../lib/helper')) === helper);
    setTimeout(() => console.log(__filename, module.exports.replaced), 1);
  `,
  'lib/helper.js': `
    exports.isMain = require.main === module;
    exports.main = require.main;
    exports.where = [__filename, __dirname];
    console.log(...exports.where, module.id === __filename, typeof module.exports);
  `,
  'sub/main.mjs': `
    import fs from 'fs';
    import { far } from './far.mjs';
    import helper from '../lib/helper.js';
    console.log(import.meta.url, import.meta.filename, import.meta.dirname, typeof __filename, typeof module);
    console.log(fs.readFileSync(new URL('../data.txt', import.meta.url), 'utf8'), import.meta.url === \`file://\${process.argv[1]}\`);
    console.log(far, (await import(new URL('./far.mjs', import.meta.url))).far === far, helper.main);
  `,
  'sub/far.mjs': 'export const far = import.meta.url',
};

t.test('a program finds itself and its files as it does in Node', async (t) => {
  const { runtime, worktree } = await open(t, files);
  for (const path of ['sub/main.js', 'sub/main.mjs']) {
    const session = await runtime.sessions.create({ template: 'x', worktree });
    t.strictSame(await printedBySession(runtime, session, path), await printedByNode(worktree, path), path);
  }
});

t.test('stack traces keep the short names', async (t) => {
  const { runtime, session } = await open(t, {
    'sub/a.js': 'require("./b")',
    'sub/b.js': 'throw new Error(__filename)',
  });
  const { error } = await runtime.executions.runFile({ session: session.id, path: 'sub/a.js' });
  t.match(error?.stack, /\n    at <anonymous> \(sub\/b\.js:1:\d+\)\n|\n    at sub\/b\.js:1:\d+\n/);
});

t.test('the folder stays right when a session sleeps, is forked, and wakes for a timer', async (t) => {
  const { runtime, worktree, session, value } = await open(t, { 'a.js': 'globalThis.at = () => __filename' });
  await runtime.executions.runFile({ session: session.id, path: 'a.js' });
  await value('setTimeout(() => { globalThis.seen = process.cwd() }, 20); 0');
  await runtime.sessions.hibernate(session.id);
  await until('the timer', async () => (await value('globalThis.seen')) !== undefined);
  t.strictSame(await value('[seen, process.cwd(), at()]'), [worktree, worktree, `${worktree}/a.js`]);
  const fork = await runtime.states.fork(session.id);
  t.strictSame(await runtime.value(fork, '[process.cwd(), at()]'), [worktree, `${worktree}/a.js`]);
});

t.test('a session without a worktree is at /, and one from the same template is not', async (t) => {
  const { runtime, session } = await open(t, {});
  const without = await runtime.sessions.create({ template: 'x' });
  t.equal(await runtime.value(without, `require('path').resolve('a', process.cwd(), 'b')`), '/b');
  t.not(await runtime.value(session, 'process.cwd()'), '/');
});

t.test('what a file calls module is its own, and what a session calls so stays the session’s', async (t) => {
  const { runtime, session, value } = await open(t, {
    'a.js': 'module.exports = "a"; globalThis.ofA = () => [module.exports, __dirname === process.cwd()]',
    'own.js': 'const module = { exports: "own" }; var exports = 7; [module.exports, exports]',
    'late.js': 'globalThis.late = () => typeof module; 0',
  });
  const run = (path: string) => runtime.executions.runFile({ session: session.id, path });
  t.strictSame(await value('["module", "exports", "__filename"].map((name) => name in globalThis)'), [
    false,
    false,
    false,
  ]);
  await value('const module = "mine"; 0');
  await run('a.js');
  t.strictSame(await value('[module, ofA(), typeof exports, typeof require.main]'), [
    'mine',
    ['a', true],
    'undefined',
    'undefined',
  ]);
  await value('module = "changed"; 0');
  t.strictSame(await value('[module, ofA()]'), ['changed', ['a', true]]);
  t.match(await run('own.js'), { result: { json: ['own', 7] } });
  await run('late.js');
  t.equal(await value('late()'), 'object');
});

t.test('a startup file is no module: what exports or else makes a global makes one', async (t) => {
  const { runtime, worktree } = await open(t, {
    'either.js': `if (typeof module === 'object') module.exports = 7; else globalThis.made = 7`,
  });
  runtime.templates.create({ name: 'either', startup: [{ path: 'either.js' }] });
  const session = await runtime.sessions.create({ template: 'either', worktree });
  t.equal(await runtime.value(session, 'made'), 7);
});

t.test('an absolute path or file address in the worktree is that file, and no other is', async (t) => {
  const { worktree, value, runtime, session } = await open(t, {
    'sub/a.js': 'exports.a = 1',
    'b.mjs': 'export const b = 2',
  });
  t.equal(await value(`require(${JSON.stringify(`${worktree}/sub/a`)}) === require('./sub/a')`), true);
  t.equal(await value(`(await import(${JSON.stringify(`file://${worktree}/b.mjs`)})).b`), 2);
  for (const path of [
    `${worktree}/../outside/secret.js`,
    `file://${worktree}/../outside/secret.js`,
    'file://host/x',
    `${worktree}x/a.js`,
  ]) {
    const { error } = await runtime.run(session, `await import(${JSON.stringify(path)})`);
    t.match(error?.message, /does not say that "\/" is the worktree|: an address; import a file/, path);
  }
});

t.test('a start that is kept for further sessions is not taken from another folder', async (t) => {
  const startup = { 'start.js': 'globalThis.at = () => [__dirname, process.cwd()]' };
  const { runtime, worktree } = await open(t, startup, { startup: ['start.js'] });
  const other = makeWorktree(t, startup);
  const seen = async (folder: string) =>
    runtime.value(await runtime.sessions.create({ template: 'x', worktree: folder }), 'at()');
  for (const folder of [worktree, other, worktree]) t.strictSame(await seen(folder), [folder, folder]);
});
