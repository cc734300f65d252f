// The result of any method to the lines a person reads: a table, a record, names, or text.
import { cellOf, columnsOf } from './columns.js';
import { libraryTexts } from './libraries.js';
import type { Paint } from './paint.js';
import { formatRecord, scalarText } from './record.js';
import { formatTable } from './table.js';

type Item = Readonly<Record<string, unknown>>;

const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing for an empty record or list. */
export function formatResult(method: string, result: unknown, paint: Paint): string[] {
  if (!isItem(result)) return result === undefined ? [] : [JSON.stringify(result, undefined, 2)];
  if (method === 'rpc.discover') return [JSON.stringify(result, undefined, 2)];
  if (method === 'system.metrics' && typeof result['text'] === 'string') return [result['text'].trimEnd()];
  const items: unknown = result['items'];
  if (!Array.isArray(items)) return formatRecord(readable(result), paint);
  return formatItems(method, items, paint);
}

/** Libraries as texts, which say which are stale. */
function readable(record: Item): Item {
  const libraries = libraryTexts(record);
  if (libraries === undefined) return record;
  const { stale: _, ...rest } = record;
  return { ...rest, libraries };
}

function formatItems(method: string, items: readonly unknown[], paint: Paint): string[] {
  if (!items.every(isItem)) return items.map(scalarText);
  if (items.length === 0) return [];
  const columns = columnsOf(method, items);
  const rows = items.map((item) => columns.map((column) => cellOf(item, column)));
  return formatTable(columns, rows, paint);
}

/** The flag that shows the next page, where there is one. */
export function nextPage(result: unknown): string | undefined {
  const cursor = isItem(result) ? result['nextCursor'] : undefined;
  return typeof cursor === 'string' ? `more: add --cursor ${cursor}` : undefined;
}
