// Which fields of a record a list shows, and what each of its cells says.
import { libraryTexts } from './libraries.js';
import { scalarText } from './record.js';
import { sizeText } from './size.js';

type Item = Readonly<Record<string, unknown>>;

/** Columns that people look for, by the kind of record; any other list shows all its plain fields. */
const preferred: Readonly<Record<string, readonly string[]>> = {
  'template.list': ['name', 'id', 'version', 'startup', 'capabilities', 'libraries', 'updatedAt'],
  'template.modules': ['name', 'description', 'functions'],
  'session.list': [
    'id',
    'name',
    'status',
    'residency',
    'storedBytes',
    'libraries',
    'worktree',
    'lastUsedAt',
    'lastError',
  ],
  'session.checkpoints': ['checkpoint', 'label', 'bytes', 'createdAt'],
  'lib.catalog': ['id', 'global', 'added', 'description'],
  'lib.list': ['id', 'global', 'format', 'bytes', 'usedBy', 'source', 'addedAt'],
  'lib.sync': ['id', 'global', 'format', 'bytes'],
  'lib.verify': ['id', 'ok', 'problem'],
  'exec.list': ['id', 'sessionId', 'kind', 'status', 'state', 'durationMs', 'startedAt', 'source'],
  'exec.events': ['seq', 'ts', 'type', 'text'],
};

/** The names of the columns for a list that `method` answered with. */
export function columnsOf(method: string, items: readonly Item[]): readonly string[] {
  const known = preferred[method];
  if (known !== undefined) return known;
  const isPlain = (name: string) => items.every((item) => typeof item[name] !== 'object');
  return [...new Set(items.flatMap((item) => Object.keys(item)))].filter(isPlain);
}

/** What stands under `column` for this item. */
export function cellOf(item: Item, column: string): string {
  switch (column) {
    case 'source':
      if ('source' in item) return scalarText(item['source']);
      return scalarText(item['path'] ?? item['code']);
    case 'text':
      return payloadText(item['payload']);
    case 'bytes':
    case 'storedBytes':
      return typeof item[column] === 'number' ? sizeText(item[column]) : '';
    case 'libraries':
      return libraryTexts(item)?.join(', ') ?? '';
    case 'startup':
    case 'capabilities':
    case 'functions':
    case 'usedBy':
      return namesIn(item[column]);
    case 'added':
    case 'ok':
      return item[column] === true ? 'yes' : 'no';
    default:
      return scalarText(item[column]);
  }
}

/** What an event says, whatever its type: text, message or preview. */
function payloadText(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null) return scalarText(payload);
  if ('text' in payload) return scalarText(payload.text);
  if ('preview' in payload) return scalarText(payload.preview);
  if (!('message' in payload)) return scalarText(payload);
  return 'name' in payload
    ? `${scalarText(payload.name)}: ${scalarText(payload.message)}`
    : scalarText(payload.message);
}

function namesIn(list: unknown): string {
  if (!Array.isArray(list)) return '';
  return list
    .map((item: unknown) =>
      typeof item !== 'object' || item === null
        ? scalarText(item)
        : scalarText('path' in item ? item.path : 'name' in item ? item.name : item),
    )
    .join(', ');
}
