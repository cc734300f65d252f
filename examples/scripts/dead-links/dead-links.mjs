// Finds links in Markdown files that lead to no file, or to no heading of it. In this folder, or in one with notes of
// your own:
//   vmsys template apply template.yaml
//   vmsys session create --template dead-links --name links
//   vmsys exec run-file links dead-links.mjs notes
// Its template grants reading files of the folder, and the module `path`. Links to the web are not looked at: there is
// no network.

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const [folder = '.'] = vmsys.args;
const names = await readdir(folder, { recursive: true });
const texts = new Map();
for (const name of names.filter((name) => name.endsWith('.md')))
  texts.set(join(folder, name), await readFile(join(folder, name), 'utf8'));

const files = new Set(names.map((name) => join(folder, name)));
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
const anchorsOf = (text) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));

let dead = 0;
for (const [file, text] of texts) {
  for (const [index, line] of text.split('\n').entries()) {
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const linked = path === '' ? file : join(dirname(file), decodeURIComponent(path));
      const isThere = files.has(linked);
      const isHeading =
        anchor === undefined || !texts.has(linked) || anchorsOf(texts.get(linked)).includes(anchor);
      if (isThere && isHeading) continue;
      console.log(`${file}:${index + 1}: ${target}: ${isThere ? 'no such heading' : 'no such file'}`);
      dead += 1;
    }
  }
}
console.log(`${texts.size} files, ${dead} dead links`);
