// Lists in pages: a cursor is the number of the last row that was given, and says nothing else.
import { RuntimeError } from '../errors.js';
import type { Page, PageInput } from '../types.js';

const defaultLimit = 50;
const greatestLimit = 500;

/** The rows before this number (newest first), and how many; throws VALIDATION_ERROR for what no list gave out. */
export function parsePage({ limit = defaultLimit, cursor }: PageInput): { limit: number; before: number } {
  if (!Number.isInteger(limit) || limit < 1 || limit > greatestLimit) {
    throw invalid('limit', `expected a whole number from 1 to ${greatestLimit}, got ${limit}`);
  }
  if (cursor === undefined) return { limit, before: Number.MAX_SAFE_INTEGER };
  if (!/^[1-9][0-9]{0,15}$/.test(cursor)) throw invalid('cursor', 'expected the nextCursor of a page before');
  return { limit, before: Number(cursor) };
}

/** One page from `limit + 1` rows, each with its number. */
export function pageOf<Row extends { number: number }, Item>(
  rows: Row[],
  limit: number,
  item: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(item);
  return rows.length > limit && last !== undefined ? { items, nextCursor: String(last.number) } : { items };
}

const invalid = (path: string, message: string): RuntimeError =>
  new RuntimeError('VALIDATION_ERROR', `${path}: ${message}`, { details: { issues: [{ path, message }] } });
