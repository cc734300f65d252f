// `vmsys logs`: what the daemon wrote, wherever it went: the journal where systemd started it, a file where the CLI did,
// and what a daemon that runs names as its log.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { command } from './command.js';
import { note, print, type Context } from './context.js';
import { exitStatus } from './fault.js';
import { followJournal, readJournal } from './logs/journal.js';
import { followLogFile, readLogFile } from './logs/log-file.js';
import { formatLine, levels, type LogLine } from './logs/log-line.js';
import { lastOf, matches, parseSince, type Query } from './logs/query.js';
import { infoAt, type Info } from './service/ask.js';
import { findScope, type Scope } from './service/scope.js';
import { ServiceFault } from './service/service-fault.js';
import { unitState } from './service/unit-state.js';
import { stateFolder } from './state-folder.js';

/** More is for journalctl itself. */
const maxLines = 100_000;

/** Whoever reads a log may do so because the daemon hangs. */
const answerMs = 2000;

const Params = z.strictObject({
  follow: z.boolean().optional().meta({ short: 'f' }).describe('go on with what is written from now on'),
  lines: z
    .int()
    .min(0)
    .max(maxLines)
    .optional()
    .meta({ short: 'n' })
    .describe('how many, at most (default 100)'),
  since: z.string().optional().describe('90s, 10m, 2h, 3d, or a time: 2026-11-23T08:00'),
  priority: z.enum(levels).optional().describe('this level and worse (default: debug, all)'),
  group: z.string().min(1).optional().describe('of the service that this group shares'),
});

export const logsCommand = command({
  words: 'logs',
  summary: 'Show the log of the daemon; with --json one document a line.',
  params: Params,
  async run(context, { follow = false, lines = 100, since, priority = 'debug', group }) {
    const query: Query = {
      lines,
      priority,
      since: since === undefined ? undefined : parseSince(since, new Date()),
    };
    const scope = findScope(context, { system: group !== undefined, group });
    // A shared service is systemd's alone.
    const path = group === undefined ? join(stateFolder(context.env), 'vmsysd.log') : undefined;
    const daemon = group === undefined ? await runningDaemon(context, scope) : undefined;
    const paths = new Set(path === undefined ? [] : [`${path}.1`, path]);
    if (daemon?.log.path !== undefined && existsSync(daemon.log.path)) paths.add(daemon.log.path);
    const files: LogLine[][] = [];
    for (const each of paths) files.push(await readLogFile(each));
    const journal = await readJournal(scope, query);
    const found = lastOf(query, ...files, journal?.lines ?? []);
    print(
      context,
      found.map((line) => shown(context, line)),
    );
    if (daemon?.log.kind === 'stderr') note(context, [elsewhere(daemon)]);
    if (found.length === 0 && !follow) note(context, [nothing([...paths], journal === undefined)]);
    if (follow && journal === undefined) note(context, [`${noJournal}: only files are followed`]);
    if (!follow) return exitStatus.ok;
    const onLine = (line: LogLine): void => {
      if (matches({ ...query, since: undefined }, line)) print(context, [shown(context, line)]);
    };
    const { signal } = context;
    await Promise.all([
      ...[...paths].map((each) => followLogFile(each, onLine, signal)),
      followJournal(scope, { cursor: journal?.cursor, onLine, signal }),
    ]);
    if (signal.aborted) return exitStatus.cancelled;
    throw new ServiceFault('the journal can be followed no more: is journalctl there, and systemd?');
  },
});

const shown = ({ json, paint }: Context, line: LogLine): string =>
  json
    ? JSON.stringify({ time: line.time, level: line.level, message: line.message, ...line.fields })
    : formatLine(line, { paint, short: process.stdout.isTTY });

/** The daemon, where one runs; none is started, which a question would do where systemd listens and nobody runs. */
async function runningDaemon({ socketPath, signal }: Context, scope: Scope): Promise<Info | undefined> {
  if (socketPath === scope.socketPath) {
    const [socket, service] = await Promise.all(
      [scope.socketUnit, scope.serviceUnit].map((unit) => unitState(scope, unit).catch(() => undefined)),
    );
    if (socket?.active === 'active' && service?.active !== 'active') return undefined;
  }
  return infoAt(socketPath, signal, answerMs);
}

const elsewhere = ({ pid }: Info): string =>
  `the daemon that runs (pid ${pid}) writes its log to where it was started; it is not among this`;

const noJournal = 'there is no journal that you may read';

const nothing = (paths: readonly string[], isJournalMissing: boolean): string =>
  `nothing is logged: ${isJournalMissing ? noJournal : 'the journal has nothing of the service'}${paths.map((path) => `, and ${path} has nothing`).join('')} of that time and level`;
