// Templates as documents, and suggestions, through the built daemon: what a session was denied, suggested, applied, and
// then allowed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CapabilityInput, Execution, Session, Template } from '#src/records/index.js';
import { startDaemon, type RunningDaemon } from '../fixtures/daemon.js';

interface Suggestion {
  capabilities: CapabilityInput[];
  unused: unknown[];
  uncovered: { target: string }[];
  calls: number;
  denied: number;
  unrecorded: number;
}

/** A script of the kind that people write, which goes on after what it is denied. */
const script = `
  const results = [];
  const attempt = (what) => { try { results.push(what() ?? null) } catch (error) { results.push(error.code) } };
  attempt(() => require('fs').readFileSync('in.csv', 'utf8').length);
  attempt(() => require('fs').writeFileSync('out.txt', 'x'));
  attempt(() => require('fs').readFileSync(OUTSIDE + '/data.txt', 'utf8'));
  attempt(() => require('fs').mkdtempSync(OUTSIDE + '/tmp/run-').length > 0);
  attempt(() => require('fs').renameSync('out.txt', 'moved.txt'));
  attempt(() => require('exec').run('echo', ['hello world', 'x']).stdout);
  attempt(() => require('exec').run('env', [], { cwd: OUTSIDE, env: { GREETING: 'hi' } }).stdout.includes('hi'));
  attempt(() => { const db = require('database').open('a.db'); db.exec('CREATE TABLE IF NOT EXISTS t (n)'); return db.query('SELECT * FROM t').length });
  attempt(() => require('fs').readFileSync('/proc/version', 'utf8'));
  results`;

const run = async (daemon: RunningDaemon, session: string, code: string): Promise<Execution> => {
  const execution = await daemon.call<Execution>('exec.repl', { session, code });
  if (execution.status !== 'ok') throw new Error(execution.error?.message);
  return execution;
};

t.test('what a session was denied is suggested, applied, and then allowed', async (t) => {
  const daemon = await startDaemon(t);
  const [worktree, outside] = [join(daemon.home, 'work'), join(daemon.home, 'outside')];
  for (const folder of [worktree, outside, join(outside, 'tmp')]) mkdirSync(folder);
  writeFileSync(join(worktree, 'in.csv'), 'a,b\n');
  writeFileSync(join(outside, 'data.txt'), 'data');
  const code = script.replaceAll('OUTSIDE', JSON.stringify(outside));

  let capabilities: CapabilityInput[] = [];
  let last: Suggestion | undefined;
  let results: unknown;
  // A call that was denied hides what would have come after it: each round finds more, and the rounds end.
  for (let round = 0; round < 6; round += 1) {
    await daemon.call('template.apply', { name: 'job', capabilities });
    const { id } = await daemon.call<Session>('session.create', { template: 'job', worktree });
    const execution = await run(daemon, id, code);
    results = execution.result?.json;
    const bySession = await daemon.call<Suggestion>('template.suggest', { session: id });
    t.strictSame(bySession, await daemon.call('template.suggest', { execution: execution.id }));
    last = bySession;
    await daemon.call('session.close', { session: id });
    if (JSON.stringify(capabilities) === JSON.stringify(bySession.capabilities)) break;
    // Which programs to allow is known only once one was tried: that a person has to begin.
    const begun = bySession.capabilities.some(({ name }) => name === 'exec');
    const exec = { kind: 'module' as const, name: 'exec', config: { allow: ['echo'] } };
    capabilities = begun ? bySession.capabilities : [...bySession.capabilities, exec];
  }
  t.strictSame(results, [4, null, 'data', true, null, 'hello world x\n', true, 0, 'EACCES']);
  t.strictSame(last?.capabilities, capabilities);
  t.strictSame(
    capabilities.map(({ kind, name, config }) => [kind, name, config]),
    [
      ['module', 'fs', { write: true }],
      ['module', 'exec', { allow: ['echo', 'env'] }],
      ['module', 'database', { write: true }],
      ['fs', '~/outside', undefined],
      ['fs', '~/outside/tmp', { write: true }],
      ['env', 'GREETING', undefined],
    ],
  );
  t.match(last, { unused: [], denied: 1, unrecorded: 0, uncovered: [{ target: '/proc/version' }] });
});

t.test('calls beyond those that are recorded are counted', async (t) => {
  const daemon = await startDaemon(t);
  await daemon.call('template.apply', { name: 'job', capabilities: [{ kind: 'module', name: 'fs' }] });
  const worktree = daemon.home;
  const { id } = await daemon.call<Session>('session.create', { template: 'job', worktree });
  await run(daemon, id, 'for (let i = 0; i < 250; i++) require("fs").existsSync("x")');
  const { calls, unrecorded } = await daemon.call<Suggestion>('template.suggest', { session: id });
  t.equal(calls + unrecorded, 250);
  t.ok(unrecorded > 0);
});

t.test('a document goes round by way of the wire, and faults have their codes', async (t) => {
  const daemon = await startDaemon(t);
  const document = {
    name: 'x',
    limits: { cpuMs: 9000 },
    resolver: { roots: ['src'] },
    capabilities: [{ kind: 'fs', name: '~/data', config: { write: true } }],
    startup: ['a.js', { path: 'b.js', order: 15 }],
    env: { A: '1' },
  };
  t.match(await daemon.call('template.apply', { ...document, dryRun: true }), {
    created: true,
    applied: false,
  });
  t.match(await daemon.call('template.apply', document), { created: true, applied: true });
  t.strictSame(await daemon.call('template.export', { template: 'x' }), document);
  t.match(await daemon.call('template.apply', document), { changes: [], applied: false });
  t.match(await daemon.call<Template>('template.get', { template: 'x' }), { version: 1 });
  for (const [method, params, code] of [
    ['template.export', { template: 'none' }, 'TEMPLATE_NOT_FOUND'],
    ['template.suggest', { session: 'none' }, 'SESSION_NOT_FOUND'],
    ['template.suggest', { execution: 'exe_none' }, 'EXECUTION_NOT_FOUND'],
    ['template.suggest', {}, 'VALIDATION_ERROR'],
    ['template.apply', { name: 'x', limit: {} }, 'VALIDATION_ERROR'],
    ['template.apply', { name: 'x', libraries: [{ id: 'a@1' }] }, 'LIBRARY_NOT_FOUND'],
  ] as const) {
    await t.rejects(daemon.call(method, params), { code }, `${method} ${JSON.stringify(params)}`);
  }
});
