// What somebody wants to see of the log, and whether a line is part of it. Pure.
import { UsageFault } from '../fault.js';
import { levels, type Level, type LogLine } from './log-line.js';

export interface Query {
  /** The last so many lines. */
  lines: number;
  since: Date | undefined;
  /** The least level. */
  priority: Level;
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `10m`, `2h`, `3d` before `now`, or a date and time as ISO 8601 (of this time zone where it names none). */
export function parseSince(text: string, now: Date): Date {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return new Date(now.getTime() - Number(count) * units[unit as keyof typeof units] * 1000); // matched above
  }
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new UsageFault(`--since: expected 90s, 10m, 2h, 3d or a time as 2026-11-23T08:00, got "${text}"`);
  }
  return date;
}

/** Whether the line is of the time and level that are asked for. */
export const matches = ({ since, priority }: Query, line: LogLine): boolean =>
  levels.indexOf(line.level) >= levels.indexOf(priority) &&
  (since === undefined || Date.parse(line.time) >= since.getTime());

/** Lines of several sources in the order of their time, at most as many as asked for; a source's own order is kept. */
export const lastOf = (query: Query, ...sources: LogLine[][]): LogLine[] =>
  sources
    .flat()
    .filter((line) => matches(query, line))
    .map((line, at) => ({ line, at, time: Date.parse(line.time) }))
    .toSorted((one, other) => one.time - other.time || one.at - other.at)
    .map(({ line }) => line)
    .slice(-query.lines || Infinity); // from -0 on would be all of them
