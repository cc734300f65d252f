// What a denied call says would grant it, done as it says: in a new session the same call succeeds.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CapabilityInput } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';

const module = (name: string, config: CapabilityInput['config'] = {}): CapabilityInput => ({
  kind: 'module',
  name,
  config,
});

/** The words of the first command in a message, as a shell has them. */
function commandIn(message: string): string[] {
  const [command] =
    /vmsys template \S+-capability (?:'(?:[^']|'\\'')*'|[^\s,'])+(?: (?:'(?:[^']|'\\'')*'|[^\s,'])+)*/.exec(
      message,
    ) ?? [];
  if (command === undefined) throw new Error(`no command in: ${message}`);
  const printed = execFileSync('sh', ['-c', `vmsys() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  return printed.split('\0').slice(0, -1);
}

function apply(
  { templates }: TestRuntime,
  [, verb, template = '', kind, name = '', flag, config]: string[],
): void {
  const capability = { kind: kind as CapabilityInput['kind'], name };
  if (verb === 'remove-capability') {
    templates.removeCapability(template, capability);
    return;
  }
  const given =
    flag === '--config' ? { config: JSON.parse(config ?? '') as NonNullable<CapabilityInput['config']> } : {};
  templates.addCapability(template, { ...capability, ...given });
}

t.test('what a denied call says would grant it does, for new sessions', async (t) => {
  const root = realpathSync(tempFolder(t));
  const [tree, outside] = ['tree', 'outside'].map((name) => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'a.txt'), 'a');
    return join(root, name);
  }) as [string, string];
  const runtime = await openTestRuntime(t, { environment: { HELD: 'yes' } });
  const off = (kind: 'module' | 'global' | 'fs' | 'env', name: string): CapabilityInput => ({
    kind,
    name,
    enabled: false,
  });
  const read = `require('fs').readFileSync('a.txt', 'utf8')`;
  const secret = `require('fs').readFileSync('${outside}/a.txt', 'utf8')`;
  const cases: [title: string, capabilities: CapabilityInput[], code: string, commands?: number][] = [
    ['a module', [], read],
    ['a module and a program of it', [], `require('child_process').execFileSync('echo', ['a'])`],
    ['a file outside', [module('fs')], secret],
    ['a file outside, to be written', [module('fs')], `require('fs').writeFileSync('${outside}/n', '')`],
    [
      'a folder outside, to be made',
      [module('fs')],
      `require('fs').mkdirSync('${outside}/x', { recursive: true })`,
    ],
    ['the worktree, to be written', [module('fs', { maxBytes: 9 })], `require('fs').writeFileSync('n', '')`],
    ['a global', [{ kind: 'global', name: 'fs', config: { maxBytes: 9 } }], `fs.writeFileSync('n', '')`],
    ['a database of a global', [{ kind: 'global', name: 'database' }], `database.open('d.db').close()`],
    ['a program', [module('exec', { allow: ['ls'] })], `require('exec').run('echo', ['a'])`],
    [
      'a program of a global',
      [{ kind: 'global', name: 'exec', config: { allow: ['ls'], maxBytes: 99 } }],
      `exec.run('echo', ['a'])`,
    ],
    ...['HELD', 'NONE'].map((name): (typeof cases)[number] => [
      `the variable ${name}`,
      [module('exec', { allow: ['env'] })],
      `require('exec').run('env', [], { env: { ${name}: '1' } })`,
    ]),
    ['a module that is denied', [module('fs'), off('global', 'fs')], read],
    ['a folder that is denied', [module('fs'), { kind: 'fs', name: root }, off('fs', outside)], secret],
    [
      'a variable that is denied',
      [module('exec', { allow: ['env'] }), off('env', 'HELD')],
      `require('exec').run('env', [], { env: { HELD: '1' } })`,
      2,
    ],
  ];
  for (const [at, [title, capabilities, code, commands = 1]] of cases.entries()) {
    const template = runtime.templates.create({ name: `t${at}`, capabilities });
    const attempt = async (): Promise<string | undefined> => {
      const { id } = await runtime.sessions.create({ template: template.id, worktree: tree });
      const { result } = await runtime.executions.repl({
        session: id,
        code: `try { ${code}; 'done' } catch (e) { e.message }`,
      });
      await runtime.sessions.close(id);
      return typeof result?.json === 'string' ? result.json : undefined;
    };
    for (let count = 0; count < commands; count++) {
      const message = (await attempt()) ?? '';
      t.match(message, /to (?:grant it|deny it) to new (?:ones|sessions)/, title);
      apply(
        runtime,
        commandIn(message).map((word) => word.replace('PROGRAM', 'echo')),
      );
    }
    t.equal(await attempt(), 'done', title);
  }
  t.match(runtime.templates.get('t6').capabilities, [
    { kind: 'global', config: { maxBytes: 9, write: true } },
  ]);
  t.equal(readFileSync(join(tree, 'a.txt'), 'utf8'), 'a');
});

t.test('of what no template can grant it is said', async (t) => {
  const root = realpathSync(tempFolder(t));
  for (const name of ['tree', 'state']) mkdirSync(join(root, name));
  const [tree, state] = [join(root, 'tree'), join(root, 'state')];
  const runtime = await openTestRuntime(t, { closedPaths: [state] });
  runtime.templates.create({ name: 'x', capabilities: [module('fs', { write: true })] });
  const { id } = await runtime.sessions.create({ template: 'x', worktree: tree });
  for (const call of [
    `readFileSync('/dev/null')`,
    `readFileSync('/proc/self/environ')`,
    `readdirSync('/sys')`,
    `writeFileSync('${state}/x', '')`,
    `renameSync('${root}', 'x')`,
  ]) {
    const { result } = await runtime.executions.repl({
      session: id,
      code: `try { require('fs').${call} } catch (e) { e.message }`,
    });
    t.match(result?.json, /^EACCES: template "x" does not let .*; no template can grant it, /, call);
    t.notMatch(result?.json, 'vmsys', call);
  }
});
