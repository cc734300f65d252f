// One log entry to one line: coloured for a terminal, or JSON for a program. Pure; never more than one line.
import { inspect } from 'node:util';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['pretty', 'json', 'auto'] as const;
export type LogFormat = (typeof logFormats)[number];

/** What a line may carry beside its message. `error` is shown with its stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogLine {
  time: Date;
  level: LogLevel;
  message: string;
  fields: LogFields;
}

/** ANSI colours: grey, green, yellow, red, and cyan for the names of fields. */
const colours = { debug: 90, info: 32, warn: 33, error: 31, time: 90, field: 36 } as const;

/** `12:30:01.250 INFO  listening socket=/run/…`, in colour where `colour` says so. */
export function formatPretty(line: LogLine, { colour }: { colour: boolean }): string {
  const paint = (style: keyof typeof colours, text: string) =>
    colour ? `\u001b[${colours[style]}m${text}\u001b[39m` : text;
  const parts = [
    paint('time', line.time.toISOString().slice(11, 23)),
    paint(line.level, line.level.toUpperCase().padEnd(5)),
    oneLine(line.message),
  ];
  for (const [key, value] of Object.entries(line.fields)) {
    if (value !== undefined) parts.push(`${paint('field', key)}=${prettyValue(value)}`);
  }
  return parts.join(' ');
}

/** `{"time":…,"level":…,"message":…}` and the fields, an error as the text that Node shows for it. */
export function formatJson(line: LogLine): string {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(line.fields)) fields[key] = plain(value);
  return JSON.stringify({
    time: line.time.toISOString(),
    level: line.level,
    message: line.message,
    ...fields,
  });
}

function prettyValue(value: unknown): string {
  const text = oneLine(String(plain(value)));
  return /^[^\s"=]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

/** A value that JSON can say and a person can read. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    default:
      return value === null ? null : inspect(value, { breakLength: Infinity, depth: 4 });
  }
}

/** Control characters, line breaks among them, could forge a line or steer a terminal: they are escaped. */
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escape);

const escape = (character: string): string =>
  character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
