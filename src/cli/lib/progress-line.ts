// What a long call reports to one line on the terminal that is written over and over, and erased at the end.
// In a pipe, with --json and on a terminal that cannot move its cursor there is none.
import type { Client } from '../../rpc/client.js';
import { notifications } from '../../rpc/methods/events.js';
import type { LibraryProgress } from '../../rpc/methods/lib.js';
import type { Context } from '../context.js';
import { sizeText } from '../output/size.js';
import { visible } from '../output/table.js';

export interface ProgressLine {
  show(progress: LibraryProgress): void;
  erase(): void;
}

const doing: Readonly<Record<LibraryProgress['step'], string>> = {
  resolve: 'looking it up',
  fetch: 'fetching',
  bundle: 'bundling',
  check: 'loading it for a try',
  store: 'storing',
};

const barWidth = 24;
const blockWidth = 4;
/** Most packages are some cells, the largest a few rounds. */
const bytesPerCell = 128 * 1024;
const eraseLine = '\r\u001b[K';

/** The text for `progress`, at most `columns` wide: `lodash  fetching  ██████░░░░  1.2 MiB of 3 MiB`. */
export function progressText({ library, step, done, total }: LibraryProgress, columns: number): string {
  const parts = [visible(library), doing[step]];
  const amount = step === 'fetch' ? sizeText : String;
  if (done !== undefined && total !== undefined && total > 0) {
    const filled = Math.round(barWidth * Math.min(1, done / total));
    parts.push('█'.repeat(filled) + '░'.repeat(barWidth - filled), `${amount(done)} of ${amount(total)}`);
  } else if (done !== undefined) parts.push(...(step === 'fetch' ? [movingBar(done)] : []), amount(done));
  // In its last column a terminal would go on to the next line, which is not erased.
  return parts.join('  ').slice(0, Math.max(0, columns - 1));
}

/** Where nobody knows how much it will be: a block that moves on with what has come. */
function movingBar(bytes: number): string {
  const at = Math.floor(bytes / bytesPerCell) % barWidth;
  const cells = Array.from({ length: barWidth }, (_, cell) => (cell - at + barWidth) % barWidth);
  return cells.map((behind) => (behind < blockWidth ? '█' : '░')).join('');
}

export function openProgressLine(
  { json, env, write }: Context,
  terminal: { isTTY?: boolean; columns?: number } = process.stderr,
): ProgressLine {
  if (json || terminal.isTTY !== true || env['TERM'] === 'dumb') return { show: () => {}, erase: () => {} };
  let isShown = false;
  return {
    show: (progress) => {
      isShown = true;
      // A terminal that was given no size says 0.
      write('stderr', eraseLine + progressText(progress, terminal.columns || 80));
    },
    erase: () => {
      if (isShown) write('stderr', eraseLine);
      isShown = false;
    },
  };
}

/** One call of a command is under way at a time: they can share a token. */
export const progressToken = 1;

/** Shows what the daemon reports of calls with `progressToken`, until the returned function is called. */
export const showProgress = (client: Client, line: ProgressLine): (() => void) =>
  client.onNotification((name, params) => {
    if (name !== '$/progress') return;
    const told = notifications[name].safeParse(params).data;
    if (told?.token === progressToken) line.show(told.value);
  });
