// One entry of the daemon's log, from the journal or from its file, and what is shown of it. Pure.
import { scalarText } from '../output/record.js';
import type { Paint, Style } from '../output/paint.js';

export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];

export interface LogLine {
  /** ISO 8601, UTC. */
  time: string;
  level: Level;
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/** What stood on a line: the daemon's JSON, or text of Node or systemd, which has the level and time given. */
export function parseText(text: string, { time, level }: Pick<LogLine, 'time' | 'level'>): LogLine {
  const record = text.startsWith('{') ? parseRecord(text) : undefined;
  if (typeof record?.['message'] !== 'string') return { time, level, message: text, fields: {} };
  const { time: ownTime, level: ownLevel, message: _, ...fields } = record;
  return {
    time: typeof ownTime === 'string' && !Number.isNaN(Date.parse(ownTime)) ? ownTime : time,
    level: levels.find((known) => known === ownLevel) ?? level,
    message: record['message'],
    fields,
  };
}

/** An entry of `journalctl --output=json`; undefined for what is none. Text that is no UTF-8 comes as bytes. */
export function parseJournalEntry(json: string): LogLine | undefined {
  const entry = parseRecord(json);
  const micros = Number(entry?.['__REALTIME_TIMESTAMP']);
  if (entry === undefined || !Number.isFinite(micros)) return undefined;
  const { MESSAGE: text } = entry;
  const message = Array.isArray(text)
    ? Buffer.from(text.map(Number)).toString('utf8')
    : typeof text === 'string'
      ? text
      : '';
  return parseText(message, {
    time: new Date(micros / 1000).toISOString(),
    level: levelOf(Number(entry['PRIORITY'])),
  });
}

/** The priorities of syslog(3), 0 to 7. */
function levelOf(priority: number): Level {
  if (priority <= 3) return 'error';
  if (priority === 4) return 'warn';
  return priority === 7 ? 'debug' : 'info';
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const styles: Readonly<Record<Level, Style>> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' };

/** `2026-11-23T03:21:42.123Z INFO  listening socket=/run/…`; on a terminal in colours, with the local time alone. */
export function formatLine(line: LogLine, { paint, short }: { paint: Paint; short: boolean }): string {
  const fields = Object.entries(line.fields).map(
    ([name, value]) => `${paint('cyan', name)}=${quoted(value)}`,
  );
  const time = short ? new Date(line.time).toLocaleTimeString('en-GB', { hour12: false }) : line.time;
  return [
    paint('dim', time),
    paint(styles[line.level], line.level.toUpperCase().padEnd(5)),
    scalarText(line.message).replaceAll('\n', '\\n'),
    ...fields,
  ].join(' ');
}

function quoted(value: unknown): string {
  const text = scalarText(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
