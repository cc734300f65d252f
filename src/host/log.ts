// The daemon's log: one line an entry to standard error. It never waits: where nobody reads, lines are dropped and counted.
import {
  formatJournal,
  formatJson,
  formatPretty,
  logLevels,
  type LogFields,
  type LogFormat,
  type LogLevel,
  type LogLine,
} from './log-format.js';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether a line of this level would be written: ask before making costly fields. */
  enabled(level: LogLevel): boolean;
  /** From now on lines below this level are not written. */
  setLevel(level: LogLevel): void;
  /** Resolves when all that was written is out, or after `ms`. */
  flush(ms: number): Promise<void>;
}

/** What the log needs of a stream: `process.stderr` has it. */
export interface LogStream {
  readonly isTTY?: boolean;
  readonly writableLength: number;
  write(text: string, done?: () => void): boolean;
}

export interface LogOptions {
  stream: LogStream;
  level: LogLevel;
  format: LogFormat;
  /** Whether the stream is the journal's: then `auto` means its format. */
  isJournal?: boolean;
  /** Default: as the terminal and `NO_COLOR` say. */
  colour?: boolean;
  now?: () => Date;
}

/** Past this much unread text, debug and info lines are dropped: some 10,000 lines, and little memory. */
const softBoundBytes = 1024 * 1024;
/** Past this, every line is: a flood of errors must not fill the memory either. */
const hardBoundBytes = 4 * softBoundBytes;

/** Makes a log. It holds no resource of its own: the stream belongs to the caller. */
export function createLog(options: LogOptions): Log {
  const { stream, format, isJournal = false, colour, now = () => new Date() } = options;
  const isTerminal = stream.isTTY === true;
  const pretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const inColour = colour ?? (isTerminal && !process.env['NO_COLOR']);
  let threshold = logLevels.indexOf(options.level);
  let dropped = 0;
  const textOf = (line: LogLine): string => {
    if (pretty) return formatPretty(line, { colour: inColour });
    return format === 'auto' && isJournal ? formatJournal(line) : formatJson(line);
  };

  const put = (lineLevel: LogLevel, message: string, fields: LogFields): void => {
    stream.write(`${textOf({ time: now(), level: lineLevel, message, fields })}\n`);
  };
  const write = (lineLevel: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(lineLevel) < threshold) return;
    const minor = lineLevel === 'debug' || lineLevel === 'info';
    if (stream.writableLength > (minor ? softBoundBytes : hardBoundBytes)) {
      dropped += 1;
      return;
    }
    if (dropped > 0 && stream.writableLength <= softBoundBytes) {
      const count = dropped;
      dropped = 0;
      put('warn', 'log lines were dropped: standard error was not read', { dropped: count });
    }
    put(lineLevel, message, fields);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    enabled: (lineLevel) => logLevels.indexOf(lineLevel) >= threshold,
    setLevel: (level) => {
      threshold = logLevels.indexOf(level);
    },
    flush: (ms) =>
      new Promise((resolve) => {
        if (stream.writableLength === 0) return resolve();
        const timer = setTimeout(resolve, ms);
        stream.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
