// The entries that the journal has of our service: the last ones, and those that come.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { journalMatches } from '../service/journal-matches.js';
import type { Scope } from '../service/scope.js';
import { parseJournalEntry, type Level, type LogLine } from './log-line.js';
import type { Query } from './query.js';

const priorities: Readonly<Record<Level, string>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'err',
};

/** What was read, and where to go on; undefined where there is no journal, or none that this user may read. */
export interface JournalPart {
  lines: LogLine[];
  cursor: string | undefined;
}

/** Reads the last entries. systemd's own words about the service are among them. */
export async function readJournal(scope: Scope, query: Query): Promise<JournalPart | undefined> {
  const since = query.since === undefined ? [] : [`--since=@${Math.floor(query.since.getTime() / 1000)}`];
  const { status, stdout } = await scope.run('journalctl', [
    ...usual,
    '--show-cursor',
    `--lines=${query.lines}`,
    `--priority=${priorities[query.priority]}`,
    ...since,
    ...journalMatches(scope),
  ]);
  if (status !== 0) return undefined;
  const texts = stdout.split('\n');
  const [, cursor] = /^-- cursor: (.+)$/m.exec(stdout) ?? [];
  return { lines: texts.flatMap((text) => parseJournalEntry(text) ?? []), cursor };
}

const usual = ['--quiet', '--no-pager', '--output=json', '--all'];

/** Calls `onLine` for each entry after `cursor` (without one, from now on), until `signal` or journalctl's end. */
export function followJournal(
  scope: Scope,
  {
    cursor,
    onLine,
    signal,
  }: { cursor: string | undefined; onLine: (line: LogLine) => void; signal: AbortSignal },
): Promise<void> {
  const start = cursor === undefined ? ['--lines=0'] : [`--after-cursor=${cursor}`, '--lines=all'];
  const child = spawn('journalctl', [...usual, '--follow', ...start, ...journalMatches(scope)], {
    env: { ...scope.env },
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseJournalEntry(text);
    if (line !== undefined) onLine(line);
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve()); // no journalctl, or aborted
    child.once('close', () => resolve());
  });
}
