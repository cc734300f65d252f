// Runs `git log` and sums it up by author: commits, lines, and the first and last day. Copy it into a repository, and
// there:
//   vmsys template apply template.yaml
//   vmsys session create --template git-authors --name authors
//   vmsys exec run-file authors authors.js
//   vmsys exec run-file authors authors.js -- --since=2026-01-15
// Its template grants one command, `git log`; `git push` would be refused. Arguments are handed on to it.

const { execFileSync } = require('child_process');

const format = '--pretty=format:commit %as %an';
const log = execFileSync('git', ['log', '--numstat', format, ...vmsys.args], { encoding: 'utf8' });

const authors = new Map();
let current;
for (const line of log.split('\n')) {
  const [, date, name] = /^commit (\S+) (.*)$/.exec(line) ?? [];
  const [, added, removed] = /^(\d+)\t(\d+)\t/.exec(line) ?? [];
  if (name !== undefined) {
    // The newest commit comes first.
    current = authors.get(name) ?? { commits: 0, added: 0, removed: 0, first: date, last: date };
    authors.set(name, current);
    current.commits += 1;
    current.first = date;
  } else if (added !== undefined) {
    current.added += Number(added);
    current.removed += Number(removed);
  }
}

const byCommits = [...authors].sort(([, a], [, b]) => b.commits - a.commits);
console.table(Object.fromEntries(byCommits));
