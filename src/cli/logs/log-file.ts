// The file that a daemon started by the CLI writes to: its last lines, and what is added from then on.
import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseText, type LogLine } from './log-line.js';

/** The CLI moves a log aside at 4 MiB, before a daemon starts; one that runs for months may write more. */
const maxTailBytes = 16 * 1024 * 1024;
/** Where the file system tells of no changes, as on some network drives, it is looked at this often. */
const pollMs = 1000;

/** The lines of the end of a file; none where there is no file. */
export async function readLogFile(path: string): Promise<LogLine[]> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return [];
  const start = Math.max(0, info.size - maxTailBytes);
  const text = await readFrom(path, start, info.size);
  const lines = text.split('\n').filter((line) => line !== '');
  // The first line may have lost its beginning.
  return linesOf(start > 0 ? lines.slice(1) : lines, info.mtime.toISOString());
}

/** A line without a time of its own, such as a stack, is as old as the one before it. */
function linesOf(texts: readonly string[], fallbackTime: string): LogLine[] {
  const lines: LogLine[] = [];
  for (const text of texts) {
    lines.push(parseText(text, { time: lines.at(-1)?.time ?? fallbackTime, level: 'info' }));
  }
  return lines;
}

/** Calls `onLine` for each line that is added after now, until `signal`; a file that is replaced is read anew. */
export async function followLogFile(
  path: string,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  let at = (await stat(path).catch(() => undefined))?.size ?? 0;
  let rest = '';
  let wake: () => void = () => {};
  const watcher = watch(dirname(path), { signal }, () => wake());
  watcher.on('error', () => {}); // the folder went away: the clock below goes on
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      // Made before the file is read, so that no change between the two is missed.
      const changed = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      if (size < at) {
        at = 0;
        rest = '';
      }
      if (size > at) {
        const until = Math.min(size, at + maxTailBytes);
        const texts = (rest + (await readFrom(path, at, until))).split('\n');
        at = until;
        rest = texts.pop() ?? '';
        linesOf(texts, new Date().toISOString()).forEach(onLine);
        if (until < size) continue;
      }
      await changed;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    watcher.close();
  }
}

async function readFrom(path: string, start: number, end: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
