// Completion, as a real shell does it with the script.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commands } from '#src/cli/commands.js';
import { completionScript, shells } from '#src/cli/completion/scripts.js';
import { offersOf } from '#src/cli/completion/words.js';
import { runCli } from '../../fixtures/cli.js';
import { tempFolder } from '../../fixtures/temp.js';

const offers = offersOf(commands);

t.test('the script of each shell is printed and accepted by the shell', async (t) => {
  for (const shell of shells) {
    const { code, stdout } = await runCli(t, ['completion', shell]);
    t.equal(code, 0);
    t.equal(stdout, completionScript(shell, offers));
    const file = join(tempFolder(t), 'script');
    writeFileSync(file, stdout);
    const check = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    if (check.error === undefined) t.match(check, { status: 0, stderr: '' }, shell);
  }
  t.match(await runCli(t, ['completion', 'tcsh']), { code: 2, stderr: /SHELL: expected bash, zsh, fish/ });
});

t.test('bash offers groups, verbs and flags', async (t) => {
  const file = join(tempFolder(t), 'script');
  writeFileSync(file, completionScript('bash', offers));
  const complete = (line: string): string[] => {
    const words = line.split(' ').map((word) => `'${word}'`);
    const script = `. ${file}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _vmsys; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: tempFolder(t) });
    return stdout.split('\n').filter((word) => word !== '');
  };
  t.strictSame(complete('vmsys ses'), ['session']);
  t.ok(complete('vmsys service ').includes('doctor'));
  t.strictSame(complete('vmsys session cl'), ['close']);
  t.strictSame(complete('vmsys session get name --s'), ['--socket']);
  t.strictSame(complete('vmsys --json exec repl s --ti'), ['--timeout-ms']);
  t.ok(complete('vmsys template add-').includes('add-startup'));
  t.strictSame(complete('vmsys nonsense x'), []);
});

t.test('ids of libraries come from the manifest, where a library is asked for', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'vmsys'));
  const libraries = [{ id: 'lodash@4.17.21', dependencies: [{ name: 'x' }] }, { id: '@a/b@1.0.0' }];
  const script = join(folder, 'script');
  writeFileSync(script, completionScript('bash', offers));
  const complete = (line: string): string[] => {
    const words = line.split(' ').map((word) => `'${word}'`);
    const text = `. ${script}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _vmsys; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: process.env['PATH'], HOME: folder, XDG_CACHE_HOME: folder };
    const { stdout } = spawnSync('bash', ['-c', text], { encoding: 'utf8', cwd: folder, env });
    return stdout.split('\n').filter((word) => word !== '');
  };
  t.strictSame(complete('vmsys lib get lod'), [], 'no cache, no ids');
  for (const indent of [undefined, 2]) {
    writeFileSync(join(folder, 'vmsys', 'manifest.json'), JSON.stringify({ libraries }, undefined, indent));
    t.strictSame(complete('vmsys lib get lod'), ['lodash@4.17.21']);
    t.strictSame(complete('vmsys template add-library default @a'), ['@a/b@1.0.0']);
    t.strictSame(complete('vmsys lib add lod'), []);
  }
});
