// Walks a source tree and counts its files and lines by language; an ES module, as it would be for Node. In the folder
// above the tree, with this file in it:
//   vmsys template apply template.yaml
//   vmsys session create --template count-lines --name lines
//   vmsys exec run-file lines count-lines.mjs sample
// Its template grants reading files of the folder, and the module `path`.

import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const languages = { '.c': 'C', '.h': 'C', '.py': 'Python', '.sh': 'Shell', '.sql': 'SQL' };
const skipped = new Set(['node_modules', '.git', 'dist']);

/** The paths of all files below a folder. */
function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

const counts = {};
for (const path of walk(vmsys.args[0] ?? '.')) {
  const language = languages[extname(path)];
  if (language === undefined) continue;
  const lines = readFileSync(path, 'utf8').split('\n');
  const count = (counts[language] ??= { files: 0, lines: 0, blank: 0 });
  count.files += 1;
  count.lines += lines.length - 1;
  count.blank += lines.slice(0, -1).filter((line) => line.trim() === '').length;
}
console.table(counts);
