// What the documents say of systemd, followed word by word on a machine that was just booted: blocks marked
// `sh systemd` must succeed, `console systemd` must print what they show; in order, a machine for each document.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { readdirSync } from 'node:fs';
import t from 'tap';
import { blocksOf, commandsOf, normalized, readDocument, root } from '../fixtures/docs.js';
import { bootMachine } from '../fixtures/systemd.js';

const documents = ['README.md', ...readdirSync(`${root}docs`).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith('.md'),
);
const blocks = (path: string) =>
  blocksOf(readDocument(path)).filter(({ info }) => ['sh systemd', 'console systemd'].includes(info));

t.ok(blocks('README.md').length > 0, 'README.md has such blocks');

for (const document of documents.filter((path) => blocks(path).length > 0)) {
  const { machine, skip } = await bootMachine(t);
  t.test(`what ${document} says of systemd works`, { skip }, async (t) => {
    for (const { info, text, line } of blocks(document)) {
      const where = `${document}:${line}`;
      if (info === 'sh systemd') {
        const ended = await machine.run(text);
        t.equal(ended.status, 0, `${where} succeeds`, ended.status === 0 ? {} : ended);
        continue;
      }
      for (const { command, output } of commandsOf(text)) {
        const { stdout, stderr } = await machine.run(`exec 2>&1\n${command}`);
        t.equal(normalized(stdout + stderr), normalized(output), `${where}: ${command}`);
      }
    }
  });
}
