// Real packages of the real registry: each is added, loaded in a session, and does something there. With
// VMSYS_WRITE_TABLE=1 the table in docs/libraries.md is written as it was measured.
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isOutOfReach, messageOf } from '#src/libcache/errors.js';
import { createFetcher } from '#src/libcache/fetch/index.js';
import { openLibraryCache } from '#src/libcache/index.js';
import type { Fetcher } from '#src/libcache/fetcher.js';
import type { LibraryCache } from '#src/libcache/types.js';
import { documentedPackages, loadMs, writeTable, type Row } from '../fixtures/package-table.js';
import { failures, uses, type PackageFailure, type PackageUse } from '../fixtures/packages.js';
import { openTestRuntime, type TestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';

/** What is downloaded is kept for the next run. */
const npmCache = join(tmpdir(), `vmsys-test-npm-${userInfo().uid}`);
/** Packages that are on their way at a time. */
const atATime = 4;
/** On a slow machine those that are left by then are not tried; those under way have a little longer. */
const budgetMs = isWriting() ? 550_000 : 150_000;
const graceMs = 15_000;
/** So many of them are to work. */
const leastWorking = 40;
/** Without an answer by then there is no registry here. */
const probeMs = 8_000;

const env = { ...process.env, npm_config_cache: npmCache };

interface Parts {
  t: Test;
  cache: LibraryCache;
  runtime: TestRuntime;
  /** Raised when there is no time left at all. */
  signal: AbortSignal;
}

t.test('much used packages of npm work in a session', { timeout: 600_000 }, async (t) => {
  const begun = Date.now();
  const signal = AbortSignal.timeout(budgetMs + graceMs);
  const fetcher = createFetcher({ env, temporaryFolder: tempFolder(t) });
  const problem = await registryProblem(fetcher);
  if (problem !== undefined) {
    t.pass('packages of the registry', { skip: `no npm registry answers: ${problem}` });
    return;
  }
  let runtime: TestRuntime | undefined;
  const cache = await openLibraryCache({
    folder: tempFolder(t),
    fetcher,
    check: async (candidate) => {
      if (runtime === undefined) throw new Error('the runtime is not open yet');
      return runtime.libraries.check(candidate);
    },
  });
  t.teardown(() => cache.close());
  runtime = await openTestRuntime(t, { libraries: cache });
  const parts = { t, cache, runtime, signal };

  const rows: Row[] = [];
  const line = [
    ...uses.map((one) => ({ spec: one.spec, attempt: () => tryUse(parts, one) })),
    ...failures.map((one) => ({ spec: one.spec, attempt: () => tryFailure(parts, one) })),
  ];
  const untried: string[] = [];
  const take = async (): Promise<void> => {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      if (Date.now() - begun > budgetMs) {
        untried.push(next.spec);
        continue;
      }
      try {
        rows.push(await next.attempt());
      } catch (error) {
        if (signal.aborted) untried.push(next.spec);
        else t.fail(`${next.spec}: ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, take));
  t.ok(
    untried.length > 0 || rows.filter((row) => 'library' in row).length >= leastWorking,
    'as many work as are promised',
  );
  if (untried.length > 0)
    t.pass(`${untried.length} packages`, {
      skip: `no time after ${budgetMs / 1000} s: ${untried.join(' ')}`,
    });
  if (!isWriting()) return;
  // One at a time, when nothing else runs.
  for (const row of rows) {
    if ('library' in row) row.loadMs = await loadMs({ ...row.library, code: await cache.read(row.library) });
  }
  writeTable(rows);
});

t.test('the table in the documents is of these packages', (t) => {
  t.ok(uses.length >= leastWorking);
  const specs = [...uses, ...failures].map(({ spec }) => spec);
  const documented = documentedPackages();
  const isOf = (id: string, spec: string): boolean => id === spec || id.startsWith(`${spec}@`);
  t.strictSame(
    specs.filter((spec) => !documented.some((id) => isOf(id, spec))),
    [],
    'none is missing',
  );
  t.strictSame(
    documented.filter((id) => !specs.some((spec) => isOf(id, spec))),
    [],
    'none is left of before',
  );
  t.end();
});

function isWriting(): boolean {
  return process.env['VMSYS_WRITE_TABLE'] === '1';
}

/** Why the registry that npm is configured for cannot be used here; undefined where it can. */
async function registryProblem(fetcher: Fetcher): Promise<string | undefined> {
  const signal = AbortSignal.timeout(probeMs);
  try {
    await fetcher.prepare({ spec: 'ms@2.1.3' }, { signal, onProgress: () => {} });
    return undefined;
  } catch (error) {
    if (signal.aborted || isOutOfReach(error)) return messageOf(error);
    throw error;
  }
}

/** Adds it, loads it in a session of its own, and compares what it does there. */
async function tryUse(parts: Parts, one: PackageUse): Promise<Row> {
  const { t, cache, runtime, signal } = parts;
  const { spec, global, entry, code, value, kind } = one;
  const library = await cache.add({ spec, global, entry }, { signal });
  const session = await sessionWith(parts, library.id);
  t.same(await runtime.value(session, code), value, `${library.id}: ${code}`);
  const name = JSON.stringify(library.name);
  const agree = `require(${name}) === ${library.global} && typeof (await import(${name})) === 'object'`;
  t.equal(await runtime.value(session, agree), true, `${library.id} is there by require and import as well`);
  await runtime.sessions.close(session);
  return { kind, library };
}

async function tryFailure(parts: Parts, { spec, kind, fails, reason, code }: PackageFailure): Promise<Row> {
  const { t, cache, runtime, signal } = parts;
  if (code === undefined) {
    const error: unknown = await cache.add({ spec }, { signal }).catch((error: unknown) => error);
    signal.throwIfAborted();
    t.match(error, { code: 'LIBRARY_UNAVAILABLE', message: fails }, `${spec}: ${reason}`);
    return { kind, spec, reason };
  }
  const library = await cache.add({ spec }, { signal });
  const session = await sessionWith(parts, library.id);
  t.match(
    await runtime.run(session, code),
    { status: 'error', error: { message: fails } },
    `${spec}: ${reason}`,
  );
  await runtime.sessions.close(session);
  return { kind, spec: library.id, reason };
}

async function sessionWith({ runtime }: Parts, library: string): Promise<string> {
  const name = library.replaceAll(/[^\w.-]/g, '_');
  const template = runtime.templates.create({ name, libraries: [library] });
  return (await runtime.sessions.create({ template: template.id })).id;
}
