// Libraries and modules in a worker: loaded into a fresh session, part of its image, or tried in an engine of their own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { defaultLimits, defaultResolver } from '#src/records/index.js';
import { loadEngineBinary } from '#src/runtime/engine/binary.js';
import { createShadow } from '#src/runtime/engine/image.js';
import type { LibraryCode } from '#src/runtime/engine/module-host.js';
import type { ModuleSettings } from '#src/runtime/modules/module-settings.js';
import { WorkerPool } from '#src/runtime/workers/pool.js';
import type { WorkerThread } from '#src/runtime/workers/worker-thread.js';
import { base, sources } from '../../fixtures/sandbox.js';
import { tempFolder } from '../../fixtures/temp.js';

async function lease(t: Test): Promise<{ worker: WorkerThread; pool: WorkerPool }> {
  const pool = new WorkerPool({
    setup: Promise.resolve({ module: loadEngineBinary().module, base, sources, usualMemoryMb: 64 }),
    spare: 0,
    onStartFailed: (error) => t.fail(String(error)),
  });
  t.teardown(() => pool.close());
  const worker = await pool.lease();
  t.teardown(() => worker.terminate());
  return { worker, pool };
}

const limits = { ...defaultLimits, memMb: 64 };

const open = (worker: WorkerThread, options: object = {}) =>
  worker.request({
    type: 'open',
    maxMemoryMb: 64,
    shadow: createShadow(64),
    shiftTimersMs: 0,
    console: true,
    ...options,
  });

async function value(worker: WorkerThread, code: string, filename = 'x.js'): Promise<unknown> {
  const request = { kind: 'repl', code, filename, args: [], env: {}, strict: false, limits } as const;
  const { report } = await worker.request({
    type: 'run',
    request: { ...request, until: 'value', rollbackOnFailure: false },
  });
  return report.result?.json ?? report.error?.message;
}

const library = (name: string, code: string, global = name): LibraryCode => ({
  id: `${name}@1.0.0`,
  name,
  global,
  format: 'script',
  code,
});

t.test('a session has what was loaded into it, also in another worker', async (t) => {
  const first = await lease(t);
  await open(first.worker);
  const libraries = [library('one', 'exports.n = 1'), library('two', 'exports.n = require("one").n + 1')];
  t.match(await first.worker.request({ type: 'load', libraries, limits }), {
    type: 'loaded',
    libraries: [
      { id: 'one@1.0.0', exports: ['n'] },
      { id: 'two@1.0.0', exports: ['n'] },
    ],
  });
  t.equal(await value(first.worker, 'two.n + require("one").n'), 3);
  const { image } = await first.worker.request({ type: 'image' });
  const second = await lease(t);
  await open(second.worker, { image });
  t.equal(await value(second.worker, 'import { n } from "two"; n === two.n && n'), 2);
});

t.test('what does not load is said, and leaves the worker as it was', async (t) => {
  const { worker } = await lease(t);
  await open(worker);
  const bad = library('bad', '\n  missing()');
  t.match(await worker.request({ type: 'load', libraries: [library('good', '1'), bad], limits }), {
    type: 'unloadable',
    id: 'bad@1.0.0',
    message: "ReferenceError: 'missing' is not defined (line 2, column 3)",
  });
  t.equal(await value(worker, 'typeof good'), 'undefined');
});

t.test('a library is tried in an engine of its own', async (t) => {
  const { worker } = await lease(t);
  const check = (code: string) => worker.request({ type: 'check', library: library('lib', code), limits });
  t.strictSame(await check('exports.b = 1; exports.a = 2'), { type: 'checked', exports: ['a', 'b'] });
  t.match(await check('require("fs")'), {
    type: 'unloadable',
    id: 'lib@1.0.0',
    message: /cannot find module "fs"/,
  });
  t.match(await check('console.log("printed"); exports.c = 3'), { exports: ['c'] });
  await open(worker);
  t.equal(await value(worker, 'typeof lib'), 'undefined');
});

t.test('a session imports the files of its worktree', async (t) => {
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'a.mjs'), 'export { n } from "./b.js"; export const where = import.meta.url');
  writeFileSync(join(worktree, 'b.js'), 'exports.n = 5');
  const modules: ModuleSettings = {
    worktree,
    resolver: defaultResolver,
    esm: false,
    capabilities: [],
    closed: [],
    template: 'default',
    libraries: [],
  };
  const { worker } = await lease(t);
  await open(worker, { modules });
  t.strictSame(
    await value(worker, 'import { n, where } from "./a.mjs"; [n, where, require("./b.js").n]', '<repl>'),
    [5, `file://${worktree}/a.mjs`, 5],
  );
  t.match(await value(worker, 'require("fs")', '<repl>'), /fs/);
});
