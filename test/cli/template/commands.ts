// `vmsys template apply`, `export`, `suggest` and `schema` against the real server of the wire, with handlers of the
// test behind it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../../fixtures/cli.js';
import { aTemplate, fakeDaemon } from '../../fixtures/fake-daemon.js';
import { tempFolder } from '../../fixtures/temp.js';

const yaml = `# yaml-language-server: $schema=somewhere
name: demo
limits: { cpuMs: 9000 }
env:
  N: "no"
`;
const document = { name: 'demo', limits: { cpuMs: 9000 }, env: { N: 'no' } };

t.test('apply sends what the file says, and shows what that changes', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'template.apply': ({ dryRun = false }) => ({
      template: { ...aTemplate, name: 'demo', version: dryRun ? 2 : 3 },
      created: false,
      changes: [
        { path: 'limits.cpuMs', before: 5000, after: 9000 },
        { path: 'env.OLD', before: 'x\u001b[2J' },
        { path: 'env.N', after: 'no' },
      ],
      applied: !dryRun,
    }),
  });
  const cwd = tempFolder(t);
  writeFileSync(join(cwd, 't.yaml'), yaml);
  writeFileSync(join(cwd, 't.json'), JSON.stringify({ $schema: 'somewhere', ...document }, undefined, '\t'));
  const run = (args: string[], input = '') =>
    runCli(t, ['--socket', socketPath, 'template', 'apply', ...args], { cwd, input });
  const { code, stdout } = await run(['t.yaml']);
  t.equal(code, 0);
  const lines = ['- limits.cpuMs: 5000', '+ limits.cpuMs: 9000', '- env.OLD: "x\\u001b[2J"', '+ env.N: "no"'];
  t.strictSame(stdout.trimEnd().split('\n'), ['template demo: 3 changes, now version 3', ...lines]);
  t.match(
    (await run(['t.json', '--dry-run'])).stdout,
    /^template demo: 3 changes to make, now version 2\n- /,
  );
  const coloured = await run(['-', '--color'], yaml);
  t.match(coloured.stdout, '\u001b[32m+ limits.cpuMs: 9000\u001b[39m\n');
  t.match(JSON.parse((await run(['t.yaml', '--json'])).stdout), { applied: true, changes: { length: 3 } });
  t.strictSame(
    calls.map(({ params }) => params),
    [document, { ...document, dryRun: true }, document, document],
  );
});

t.test('a file that is no document is refused before anything is called', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {});
  const run = (file: string, input = '') =>
    runCli(t, ['--socket', socketPath, 'template', 'apply', file], { input });
  t.match(await run('-', 'name: x\nenv: {A: 1}\nnam: y'), {
    code: 2,
    stdout: '',
    stderr: /env\.A: expected string, got number\n {2}nam: unknown param; did you mean "name"\?/,
  });
  t.match(await run('none.yaml'), { code: 2, stderr: /cannot read the template file: ENOENT/ });
  t.equal(calls.length, 0);
});

t.test('what export writes is what apply reads', async (t) => {
  const hard = { ...document, env: { N: 'no', T: '1:30', L: 'a\nb: #c', E: '', W: ' x ', Q: '"' } };
  const { socketPath, calls } = await fakeDaemon(t, {
    'template.export': () => hard,
    'template.apply': () => ({ created: true, changes: [], applied: false }),
  });
  const run = (args: string[], input = '') =>
    runCli(t, ['--socket', socketPath, 'template', ...args], { input });
  for (const format of ['yaml', 'json']) {
    const { code, stdout } = await run(['export', 'demo', '--format', format, '--integrity']);
    t.equal(code, 0);
    t.match(stdout, /\$schema.*file:\/\/\/.*\/docs\/template\.schema\.json/);
    await run(['apply', '-'], stdout);
    t.strictSame(calls.at(-1)?.params, hard);
  }
  t.strictSame(calls[0]?.params, { template: 'demo', integrity: true });
  t.match((await run(['export', 'demo'])).stdout, /^# yaml-language-server: \$schema=file:.*\nname: demo\n/);
  t.strictSame(JSON.parse((await run(['export', 'demo', '--json'])).stdout), hard);
  t.match(JSON.parse((await run(['schema'])).stdout), { title: /template/, required: ['name'] });
});

t.test('suggest shows the set, and the commands that lead to it', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'template.get': () => ({
      ...aTemplate,
      capabilities: [
        { kind: 'module', name: 'path', enabled: true, config: {} },
        { kind: 'module', name: 'exec', enabled: true, config: { allow: ['ls'] } },
        { kind: 'module', name: 'fs', enabled: true, config: {} },
      ],
    }),
    'template.suggest': () => ({
      template: 'default',
      capabilities: [
        { kind: 'module', name: 'fs', config: { write: true } },
        { kind: 'module', name: 'path' },
        { kind: 'fs', name: "~/it's here" },
      ],
      unused: [
        { kind: 'module', name: 'exec' },
        { kind: 'fs', name: '/gone' },
      ],
      calls: 3,
      denied: 1,
      unrecorded: 7,
      uncovered: [{ module: 'fs', call: 'stat', target: '/proc', reason: 'no grant reaches there' }],
    }),
  });
  const run = (...args: string[]) => runCli(t, ['--socket', socketPath, 'template', 'suggest', ...args]);
  const { code, stdout, stderr } = await run('work');
  t.equal(code, 0);
  t.equal(
    stderr,
    'from 3 calls of the host, 1 denied; 7 more were not recorded or looked at, and are not covered\n',
  );
  t.strictSame(stdout.trimEnd().split('\n'), [
    'kind    name         config',
    'module  fs           {"write":true}',
    'module  path',
    "fs      ~/it's here",
    '',
    'to grant it to new sessions:',
    `vmsys template add-capability default module fs --config '{"write":true}'`,
    `vmsys template add-capability default fs '~/it'\\''s here'`,
    '',
    'granted, and not asked for:',
    'vmsys template remove-capability default module exec',
    '',
    'no capability allows:',
    'fs.stat /proc (no grant reaches there)',
  ]);
  t.match(JSON.parse((await run('exe_0123456789abcdef', '--json')).stdout), { calls: 3 });
  const asked = calls.filter(({ method }) => method === 'template.suggest').map(({ params }) => params);
  t.strictSame(asked, [{ session: 'work' }, { execution: 'exe_0123456789abcdef' }]);
});
