// The console: each call becomes one text for the host. After Node's lib/internal/console (MIT).
import {
  floor,
  mapDelete,
  mapGet,
  mapSet,
  newMap,
  repeat,
  slice,
  splice,
  toFixed,
  toNumber,
  toText,
} from '../primordials.js';
import type { Host, PrintKind } from '../host.js';
import { readOptions } from '../inspect/context.js';
import { format } from '../inspect/format.js';
import { inspectWith } from '../inspect/inspect.js';
import { cleanFrames, skipNone } from '../stack.js';
import { replaceAll } from '../text.js';
import { tableText } from './table.js';

const NativeError = Error;
const indentationStep = 2;
/** Groups may be opened without end; text is not indented further than this. */
const maxIndentation = 1000;

/** Makes the console's methods. None of them needs its `this`. */
export function makeConsole(host: Host): Record<string, (...values: unknown[]) => void> {
  // Labels are as many as the script uses: they are its memory.
  const counts = newMap<string, number>();
  const started = newMap<string, number>();
  let indentation = 0;

  const print = (kind: PrintKind, text: string): void => {
    const margin = repeat(' ', indentation);
    host('print', kind, margin === '' ? text : margin + replaceAll(text, '\n', `\n${margin}`));
  };
  const printer = (kind: PrintKind) => (values: unknown[]) => print(kind, format(values));
  const log = printer('log');
  const warn = printer('warn');
  const sinceStart = (name: string, label: string): string | undefined => {
    const start = mapGet(started, label);
    if (start === undefined) {
      print('warn', `Warning: No such label '${label}' for console.${name}()`);
      return undefined;
    }
    return `${label}: ${durationText((host('now') as number) - start)}`;
  };
  const openGroup = (values: unknown[]): void => {
    if (values.length > 0) log(values);
    if (indentation < maxIndentation) indentation += indentationStep;
  };

  return {
    log(...values) {
      log(values);
    },
    info(...values) {
      print('info', format(values));
    },
    debug(...values) {
      print('debug', format(values));
    },
    warn(...values) {
      warn(values);
    },
    error(...values) {
      print('error', format(values));
    },
    trace(...values) {
      const text = format(values);
      const frames = cleanFrames(new NativeError().stack ?? '', skipNone);
      print('trace', `${text === '' ? 'Trace' : `Trace: ${text}`}${frames}`);
    },
    dir(value, options) {
      const chosen = readOptions(options);
      print('log', inspectWith(value, { ...chosen, customInspect: false }));
    },
    dirxml(...values) {
      log(values);
    },
    table(data, columns) {
      let text: string | undefined;
      try {
        text = tableText(data, columns);
      } catch {
        // A proxy's trap threw; shown as a value, it does no harm.
      }
      if (text === undefined) log([data]);
      else print('log', text);
    },
    assert(condition, ...values) {
      if (condition) return;
      const first = values[0];
      if (typeof first === 'string') values[0] = `Assertion failed: ${first}`;
      else splice(values, 0, 0, 'Assertion failed');
      warn(values);
    },
    count(label = 'default') {
      const name = toText(label);
      const count = (mapGet(counts, name) ?? 0) + 1;
      mapSet(counts, name, count);
      print('log', `${name}: ${count}`);
    },
    countReset(label = 'default') {
      const name = toText(label);
      if (!mapDelete(counts, name)) print('warn', `Warning: Count for '${name}' does not exist`);
    },
    group(...values) {
      openGroup(values);
    },
    groupCollapsed(...values) {
      openGroup(values);
    },
    groupEnd() {
      if (indentation > 0) indentation -= indentationStep;
    },
    time(label = 'default') {
      const name = toText(label);
      if (mapGet(started, name) !== undefined) {
        print('warn', `Warning: Label '${name}' already exists for console.time()`);
        return;
      }
      mapSet(started, name, host('now') as number);
    },
    timeLog(label = 'default', ...values) {
      const text = sinceStart('timeLog', toText(label));
      if (text === undefined) return;
      splice(values, 0, 0, '%s', text);
      log(values);
    },
    timeEnd(label = 'default') {
      const name = toText(label);
      const text = sinceStart('timeEnd', name);
      if (text === undefined) return;
      print('log', text);
      mapDelete(started, name);
    },
  };
}

/** `1.5ms`, `2.000s`, `1:02.500 (m:ss.mmm)`: a duration as Node's console writes it. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${toNumber(toFixed(ms, 3))}ms`;
  if (ms < 60_000) return `${toFixed(ms / 1000, 3)}s`;
  const hours = floor(ms / 3_600_000);
  const minutes = floor((ms % 3_600_000) / 60_000);
  const seconds = toFixed((ms % 60_000) / 1000, 3);
  const padded = seconds.length < 6 ? `0${seconds}` : seconds;
  if (hours === 0) return `${minutes}:${padded} (m:ss.mmm)`;
  return `${hours}:${minutes < 10 ? '0' : ''}${minutes}:${slice(padded, 0, 2)} (h:mm:ss)`;
}
