// Host modules as scripts in sessions have them: granted, used, recorded, and over the end of a session's worker.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CapabilityInput, Execution, HostCall, Session } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

interface World {
  runtime: TestRuntime;
  tree: string;
  session: (capabilities: CapabilityInput[], change?: { env?: Record<string, string> }) => Promise<Session>;
}

async function makeWorld(t: Test): Promise<World> {
  const tree = join(tempFolder(t), 'tree');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  writeFileSync(join(tree, 'a.txt'), 'a');
  const runtime = await openTestRuntime(t);
  let count = 0;
  return {
    runtime,
    tree,
    session: async (capabilities, change = {}) => {
      const { id } = runtime.templates.create({ name: `t${++count}`, capabilities, ...change });
      return runtime.sessions.create({ template: id, worktree: tree });
    },
  };
}

const module = (name: string, config: CapabilityInput['config'] = {}): CapabilityInput => ({
  kind: 'module',
  name,
  config,
});

const callsOf = ({ events = [] }: Execution): HostCall[] =>
  events.flatMap((event) => (event.type === 'host' ? [event.payload] : []));

t.test('fs has Node’s names and shapes', async (t) => {
  const { runtime, tree, session } = await makeWorld(t);
  const s = await session([module('fs', { write: true }), module('path'), module('buffer')]);
  t.equal(await runtime.value(s, `require('fs').readFileSync('a.txt', 'utf8')`), 'a');
  t.equal(await runtime.value(s, `require('node:fs').readFileSync('a.txt').toString('hex')`), '61');
  t.equal(await runtime.value(s, `(await import('fs/promises')).readFile('a.txt', 'utf8')`), 'a');
  await runtime.value(
    s,
    `
    const fs = require('fs');
    fs.mkdirSync('x/y', { recursive: true });
    fs.writeFileSync('x/y/f.txt', 'one\\n');
    fs.appendFileSync('x/y/f.txt', Buffer ? 'two\\n' : '');
    1`.replace('Buffer ? ', 'true ? '),
  );
  t.equal(readFileSync(join(tree, 'x/y/f.txt'), 'utf8'), 'one\ntwo\n');
  t.same(
    await runtime.value(
      s,
      `fs.readdirSync('.', { withFileTypes: true }).map((e) => [e.name, e.isDirectory()])`,
    ),
    [
      ['a.txt', false],
      ['sub', true],
      ['x', true],
    ],
  );
  t.equal(
    await runtime.value(s, `fs.statSync('a.txt').isFile() && fs.statSync('a.txt').mtime instanceof Date`),
    true,
  );
  t.equal(await runtime.value(s, `fs.existsSync('nothing')`), false);
  t.equal(await runtime.value(s, `fs.statSync('nothing', { throwIfNoEntry: false }) === undefined`), true);
  t.same(
    await runtime.value(
      s,
      `try { fs.readFileSync('nothing') } catch (e) { [e.code, e.syscall, e.errno, e instanceof Error, e.message] }`,
    ),
    ['ENOENT', 'open', -2, true, `ENOENT: no such file or directory, open '${tree}/nothing'`],
  );
  t.equal(
    await runtime.value(
      s,
      `await new Promise((done) => fs.readFile('a.txt', 'utf8', (error, text) => done(error ?? text)))`,
    ),
    'a',
  );
  t.equal(await runtime.value(s, `require('path').join('a', '..', 'b')`), 'b');
  t.equal(
    await runtime.value(
      s,
      `const { Buffer } = require('buffer'); fs.readFileSync('a.txt') instanceof Buffer`,
    ),
    true,
  );
  const descriptor = `const d = fs.openSync('x/n', 'w+'); fs.writeSync(d, 'hello'); const b = new Uint8Array(5); fs.readSync(d, b, 0, 5, 0); fs.closeSync(d); String.fromCharCode(...b)`;
  t.equal(await runtime.value(s, descriptor), 'hello');
});

t.test('every call is an event of its execution, up to a bound', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('fs')]);
  const execution = await runtime.run(
    s,
    `const fs = require('fs'); fs.readFileSync('a.txt'); try { fs.readFileSync('/etc/passwd') } catch {} ; try { require('exec') } catch {}`,
  );
  t.match(callsOf(execution), [
    { module: 'fs', call: 'readFile', target: 'a.txt', allowed: true, bytes: 1 },
    { module: 'fs', call: 'readFile', target: '/etc/passwd', allowed: false },
    { module: 'exec', call: 'import', target: 'exec', allowed: false },
  ]);
  t.same(
    runtime.executions.events(execution.id).items,
    execution.events,
    'what is answered is what is stored',
  );
  const many = await runtime.run(s, `for (let i = 0; i < 250; i++) fs.existsSync('a.txt')`);
  t.equal(callsOf(many).length, 200);
  t.match(
    many.events?.find(({ type }) => type === 'system'),
    {
      payload: { message: '50 more calls of the host were not recorded, 0 of them denied' },
    },
  );
});

t.test(
  'programs and queries are recorded with how much they read, and with their target where they fail',
  async (t) => {
    const { runtime, session } = await makeWorld(t);
    const folder = join(tempFolder(t), 'other');
    mkdirSync(folder);
    writeFileSync(join(folder, 'none.db'), 'no database'.repeat(500));
    const s = await session([
      module('exec', { allow: ['sh'] }),
      module('database', { write: true }),
      { kind: 'fs', name: join(folder, 'none.db') },
    ]);
    const ran = await runtime.run(
      s,
      `require('exec').run('sh', ['-c', 'echo out; echo error >&2'])
    const { open } = require('database');
    const db = open('d.db');
    db.exec('CREATE TABLE t (a)');
    db.query("SELECT 'some text' AS a");
    const attempt = (work) => { try { work() } catch (error) { return error.code } };
    const codes = [
      attempt(() => db.query('SELECT * FROM missing')),
      attempt(() => db.exec('INSERT INTO missing VALUES (1)')),
      attempt(() => db.exec("ATTACH 'x' AS x")),
      attempt(() => open(${JSON.stringify(join(folder, 'none.db'))}, { readonly: true })),
    ];
    codes`,
    );
    t.match(ran.result?.json, ['SQLITE_ERROR', 'SQLITE_ERROR', 'EACCES', /^SQLITE_/]);
    const calls = callsOf(ran);
    t.match(calls, [
      { module: 'exec', call: 'run', bytes: 'out\nerror\n'.length },
      { module: 'database', call: 'open', target: 'd.db', write: true },
      { call: 'exec', target: 'd.db: CREATE TABLE t (a)', allowed: true },
      { call: 'query', target: "d.db: SELECT 'some text' AS a", allowed: true },
      { call: 'query', target: 'd.db: SELECT * FROM missing', allowed: true },
      { call: 'exec', target: 'd.db: INSERT INTO missing VALUES (1)', allowed: true },
      { call: 'exec', target: "d.db: ATTACH 'x' AS x", allowed: false },
      { call: 'open', target: join(folder, 'none.db'), allowed: true, write: false },
    ]);
    t.equal(calls.length, 8);
    t.ok((calls[3]?.bytes ?? 0) > 'some text'.length);
    t.strictSame(runtime.suggestions.suggest({ execution: ran.id }).unused, []);
  },
);

t.test('a loop hides no other call, and what is not recorded is counted', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('fs')]);
  const loop = `for (let i = 0; i < 300; i++) fs.existsSync('.');`;
  const reading = (path: string): string => `try { fs.readFileSync(${path}) } catch {}`;
  const hidden = await runtime.run(
    s,
    `const fs = require('fs'); ${loop} ${reading(`'/etc/shadow'`)} ${loop}`,
  );
  t.match(callsOf(hidden).at(-1), { target: '/etc/shadow', allowed: false });
  t.equal(callsOf(hidden).length, 201);
  t.match(runtime.suggestions.suggest({ execution: hidden.id }), { denied: 1, calls: 201, unrecorded: 400 });
  const code = `for (let i = 0; i < 900; i++) { fs.existsSync('x' + i); ${reading(`'/etc/' + i`)} }`;
  const many = await runtime.run(s, code);
  t.equal(callsOf(many).length, 1000);
  const { payload } = many.events?.find(({ type }) => type === 'system') ?? {};
  t.match(payload, { message: '800 more calls of the host were not recorded, 400 of them denied' });
});

t.test('programs run with what was granted and nothing else', async (t) => {
  const { runtime, tree, session } = await makeWorld(t);
  const s = await session(
    [module('exec', { allow: ['cat', 'env', 'git log', 'pwd'] }), { kind: 'env', name: 'HOME' }],
    {
      env: { COLOUR: 'red' },
    },
  );
  t.match(await runtime.value(s, `require('exec').run('cat', ['a.txt'])`), {
    status: 0,
    signal: null,
    stdout: 'a',
    stderr: '',
  });
  t.equal(await runtime.value(s, `require('exec').run('pwd', [], { cwd: 'sub' }).stdout`), `${tree}/sub\n`);
  t.equal(
    await runtime.value(
      s,
      `require('child_process').execFileSync('cat', ['-'], { input: 'in', encoding: 'utf8' })`,
    ),
    'in',
  );
  const denied = `try { require('exec').run('sh', ['-c', 'id']) } catch (e) { [e.code, e.message] }`;
  t.match(await runtime.value(s, denied), [
    'EACCES',
    /vmsys template add-capability t1 module exec --config '.*"sh"/,
  ]);
  for (const call of [
    `run('./cat', ['a.txt'])`,
    `run('/bin/cat', ['a.txt'])`,
    `run('cat;id', [])`,
    `run('git', ['-c', 'core.pager=id', 'log'])`,
    `run('git', [])`,
    `run('env', [], { env: { LD_PRELOAD: '/tmp/x.so' } })`,
    `run('pwd', [], { cwd: '..' })`,
    `run('pwd', [], { cwd: '/' })`,
    `run('pwd', [], { shell: true })`,
    `run('cat', ['a\\0b'])`,
    `run('cat', 'a.txt')`,
    `run('cat', [{ toString() { return 'a.txt' } }])`,
  ]) {
    t.match(
      await runtime.value(s, `try { require('exec').${call} } catch (e) { e.code ?? e.name }`),
      /^(E(RR_|ACCES)|TypeError)/,
      call,
    );
  }
  t.match(await runtime.value(s, `require('exec').run('env').stdout.split('\\n')`), [
    /^VMSYS_EXEC=/,
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'LANG=C.UTF-8',
    'COLOUR=red',
  ]);
});

t.test(
  'a variable that is granted can be set for a program, also where the daemon has none of that name',
  async (t) => {
    const { runtime, session } = await makeWorld(t);
    const exec = module('exec', { allow: ['env'] });
    const lines = `require('child_process').execFileSync('env', [], { encoding: 'utf8', env: { ...process.env, NOT_THE_DAEMONS: 'set' } }).split('\\n')`;
    const denied = await runtime.run(await session([exec]), lines);
    t.match(denied.error?.message, /vmsys template add-capability t1 env NOT_THE_DAEMONS$/);
    const granted = await session([exec, { kind: 'env', name: 'NOT_THE_DAEMONS' }]);
    t.equal(await runtime.value(granted, `'NOT_THE_DAEMONS' in process.env`), false);
    t.equal(await runtime.value(granted, `${lines}.includes('NOT_THE_DAEMONS=set')`), true);
    const off = await session([exec, { kind: 'env', name: 'NOT_THE_DAEMONS', enabled: false }]);
    t.match((await runtime.run(off, lines)).error?.message, /does not grant the variable/);
  },
);

t.test('a timer has the granted environment, also as the first that runs after a sleep', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('exec', { allow: ['env'] })], { env: { COLOUR: 'red' } });
  const env = `require('exec').run('env').stdout.split('\\n').includes('COLOUR=red')`;
  await runtime.value(s, `let seen; setTimeout(() => { seen = ${env} }, 300); 1`);
  await runtime.sessions.hibernate(s.id);
  // The timer wakes it.
  await until('it is awake', () => runtime.sessions.get(s.id).residency === 'live');
  t.equal(await runtime.value(s, 'seen'), true);
});

t.test('a program ends with its execution, with all that it started', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('exec', { allow: ['sh'] })]);
  const startedAt = performance.now();
  const timed = await runtime.run(s, `require('exec').run('sh', ['-c', 'sleep 1000 & sleep 1000'])`, {
    timeoutMs: 300,
  });
  t.equal(timed.status, 'timeout');
  t.ok(performance.now() - startedAt < 5000);
  const calling = runtime.run(s, `require('exec').run('sh', ['-c', 'sleep 1000'])`);
  await until('it runs', () => runtime.sessions.interrupt(s.id));
  t.equal((await calling).status, 'cancelled');
  t.equal(await runtime.value(s, '1 + 1'), 2, 'the session goes on');
});

t.test('databases: files inside, values, transactions, and over a sleep', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('database', { write: true })]);
  await runtime.value(
    s,
    `
    const { open } = require('database');
    const db = open('d.db');
    db.exec('CREATE TABLE t (a, b)');
    db.transaction(() => { for (let i = 0; i < 3; i++) db.exec('INSERT INTO t VALUES (?, ?)', [i, 'v' + i]) });
    try { db.transaction(() => { db.exec('DELETE FROM t'); throw new Error('no') }) } catch {}
    1`,
  );
  t.same(await runtime.value(s, `db.query('SELECT * FROM t WHERE a > :least', { least: 0 })`), [
    { a: 1, b: 'v1' },
    { a: 2, b: 'v2' },
  ]);
  t.equal(
    await runtime.value(s, `db.query('SELECT 9007199254740993 AS n')[0].n === 9007199254740993n`),
    true,
  );
  await runtime.sessions.hibernate(s.id);
  t.equal(
    await runtime.value(s, `db.query('SELECT count(*) AS n FROM t')[0].n`),
    3,
    'opened again after a sleep',
  );
  await runtime.value(s, `const memory = open(':memory:'); memory.exec('CREATE TABLE m (a)'); 1`);
  await runtime.sessions.hibernate(s.id);
  t.equal(await runtime.value(s, `try { memory.query('SELECT 1') } catch (e) { e.code }`), 'DATABASE_GONE');
  for (const path of ['../x.db', '/etc/x.db', join('/proc/self', 'root', 'tmp/x.db')])
    t.equal(
      await runtime.value(s, `try { open(${JSON.stringify(path)}) } catch (e) { e.code }`),
      'EACCES',
      path,
    );
  t.equal(
    await runtime.value(s, `try { db.exec("ATTACH '/tmp/x.db' AS x") } catch (e) { e.code }`),
    'EACCES',
  );
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n';
  t.equal(
    (await runtime.run(s, `db.query(${JSON.stringify(endless)})`, { timeoutMs: 300 })).status,
    'timeout',
  );
  t.equal(
    await runtime.value(s, `db.query('SELECT count(*) AS n FROM t')[0].n`),
    3,
    'and after a query that was stopped',
  );
});

t.test('a global is the module in a variable', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([
    { kind: 'global', name: 'fs' },
    { kind: 'global', name: 'Buffer' },
  ]);
  t.equal(
    await runtime.value(
      s,
      `fs.readFileSync('a.txt', 'utf8') + Buffer.from('b').toString() + (fs === require('fs'))`,
    ),
    'abtrue',
  );
  const none = await session([]);
  t.equal(await runtime.value(none, `typeof fs + typeof Buffer`), 'undefinedundefined');
  t.throws(
    () => runtime.templates.create({ name: 'bad', capabilities: [{ kind: 'global', name: 'JSON' }] }),
    { code: 'MODULE_NOT_ALLOWED' },
  );
});

t.test(
  'a granted folder outside of the worktree is made and copied into, and nothing more is asked for',
  async (t) => {
    const { runtime, tree, session } = await makeWorld(t);
    const outside = tempFolder(t);
    const site = join(outside, 'site');
    mkdirSync(join(tree, 'build/inner'), { recursive: true });
    writeFileSync(join(tree, 'build/inner/page.txt'), 'page');
    const s = await session([module('fs'), { kind: 'fs', name: site, config: { write: true } }]);
    await runtime.value(s, `const fs = require('fs'); 1`);
    const cp = (from: string, to: string): string =>
      `fs.cpSync('${from}', ${JSON.stringify(to)}, { recursive: true })`;
    // At first it is missing, then there.
    for (let round = 0; round < 2; round++) {
      const { id, status } = await runtime.run(s, cp('build', site));
      t.equal(status, 'ok');
      const { denied, capabilities } = runtime.suggestions.suggest({ execution: id });
      t.equal(denied, 0);
      t.same(
        capabilities.filter(({ name }) => !name.startsWith(site)),
        [{ kind: 'module', name: 'fs' }],
      );
    }
    t.equal(readFileSync(join(site, 'inner/page.txt'), 'utf8'), 'page');
    await runtime.value(s, cp('a.txt', join(site, 'new/deep/a.txt')));
    t.equal(readFileSync(join(site, 'new/deep/a.txt'), 'utf8'), 'a');
    const elsewhere = join(outside, 'elsewhere');
    const caught = (code: string): string => `try { ${code} } catch (e) { [e.code, e.message] }`;
    t.match(await runtime.value(s, caught(cp('build', elsewhere))), [
      'EACCES',
      `fs ${elsewhere} --config '{"write":true}'`,
    ]);
    t.match(await runtime.value(s, caught(cp(site, join(site, 'inner/self')))), ['ERR_FS_CP_EINVAL']);
  },
);

t.test('sessions with host modules fork and go back', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const s = await session([module('fs')]);
  await runtime.value(s, `const fs = require('fs'); let text = fs.readFileSync('a.txt', 'utf8'); 1`);
  const fork = await runtime.states.fork(s.id);
  t.equal(await runtime.value(fork, `text + fs.readFileSync('a.txt', 'utf8')`), 'aa');
  const { id } = await runtime.run(s, `text = 'changed'`);
  await runtime.states.rollback(s.id, { execution: id });
  t.equal(await runtime.value(s, `text + fs.readFileSync('a.txt', 'utf8')`), 'aa');
});
