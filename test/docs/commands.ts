// The documents' commands are run, in order, a home for each document: `sh` blocks must succeed, `console` blocks
// must print what they show. `by-hand` marks what cannot be run here; its commands must exist all the same.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { chooseCommand } from '#src/cli/commands.js';
import { blocksOf, commandsOf, docShell, normalized, readDocument, root } from '../fixtures/docs.js';

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const documents = [...markdownIn('.'), ...markdownIn('docs')];
const isInstalled = (program: string): boolean => spawnSync(program, ['-h']).error === undefined;
const isRun = (info: string): boolean => info === 'sh' || info === 'console';

for (const document of documents.filter((path) =>
  blocksOf(readDocument(path)).some(({ info }) => isRun(info)),
)) {
  t.test(`the commands of ${document} do what it says`, async (t) => {
    const shell = docShell(t);
    for (const { info, text, line } of blocksOf(readDocument(document))) {
      const where = `${document}:${line}`;
      const missing = ['socat', 'jq'].filter((name) => text.includes(`${name} `) && !isInstalled(name));
      if (missing.length > 0) {
        t.pass(where, { skip: `not installed: ${missing.join(', ')}` });
        continue;
      }
      if (info === 'sh') {
        const { status, output } = await shell.run(text);
        t.equal(status, 0, `${where} succeeds`, status === 0 ? {} : { output });
      }
      if (info !== 'console') continue;
      for (const { command, output } of commandsOf(text)) {
        const shown = await shell.run(command);
        t.equal(normalized(shown.output), normalized(output), `${where}: ${command}`);
      }
    }
  });
}

t.test('every command that a document names exists', async (t) => {
  for (const document of documents) {
    // In code only: in prose a word may follow the program's name.
    const text = readDocument(document);
    const code = [...blocksOf(text).map((block) => block.text), ...(text.match(/`vmsys [^`]+`/g) ?? [])];
    const named = code.flatMap((part) => [...part.matchAll(/\bvmsys ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?/g)]);
    for (const [words, group = '', verb] of named) {
      const choose = (): unknown => chooseCommand(verb === undefined ? [group] : [group, verb]);
      t.doesNotThrow(choose, `${document}: ${words}`);
    }
  }
});
