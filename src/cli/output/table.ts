// Rows of text to an aligned table. Column padding is all it takes, so it is no package.
import type { Paint } from './paint.js';

/** Longer cells are cut: a table is for finding a row, `get` and `--json` show all of it. */
const maxCellLength = 60;

/** One line for the head and one for each row; columns that are empty in every row are left out. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string[] {
  const shown = head.map((_, column) => column).filter((column) => rows.some((row) => row[column]));
  const cells = rows.map((row) => shown.map((column) => cell(row[column] ?? '')));
  const titles = shown.map((column) => head[column] ?? '');
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(titles)), ...cells.map(line)];
}

function cell(text: string): string {
  const flat = visible(text.replaceAll(/\s+/g, ' '));
  return flat.length > maxCellLength ? `${flat.slice(0, maxCellLength - 1)}…` : flat;
}

/** The text without characters that would steer a terminal; tabs and line ends stay. */
export const visible = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- these are the characters meant
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}');
