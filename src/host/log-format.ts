// One log entry to one line: coloured for a terminal, JSON for a program, or JSON behind a priority for the journal.
// Pure; never more than one line, and none that the journal would split.
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
export const formatJson = (line: LogLine): string =>
  bounded((longest) => ({
    time: line.time.toISOString(),
    level: line.level,
    message: cut(line.message, longest),
    ...plainFields(line.fields, longest),
  }));

/** Priorities as syslog(3) numbers them; sd-daemon(3) has the journal read them from the head of a line. */
const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** `<6>{"message":…}` and the fields: the journal has time and priority of its own. */
export const formatJournal = (line: LogLine): string =>
  `<${priorities[line.level]}>${bounded((longest) => ({
    message: cut(line.message, longest),
    ...plainFields(line.fields, longest),
  }))}`;

/** journald splits lines of over 48 KiB, and the rest would be no JSON any more. The prefix has its place. */
const maxLineBytes = 48 * 1024 - 16;
/** In a line that is longer, each text is cut to so many characters: a stack is still whole with these. */
const cutLengths = [8192, 1024, 64];

function bounded(make: (longest: number) => Record<string, unknown>): string {
  const whole = JSON.stringify(make(Infinity));
  if (Buffer.byteLength(whole) <= maxLineBytes) return whole;
  for (const longest of cutLengths) {
    const text = JSON.stringify({ ...make(longest), truncated: true });
    if (Buffer.byteLength(text) <= maxLineBytes) return text;
  }
  const { time, level, message } = make(64);
  return JSON.stringify({ time, level, message, truncated: true });
}

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

function plainFields(fields: LogFields, longest: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const shown = plain(value);
    result[key] = typeof shown === 'string' ? cut(shown, longest) : shown;
  }
  return result;
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
