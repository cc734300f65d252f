// SQL that a script wrote, looked at before SQLite sees it: words that would reach files other than the database that
// was opened are refused. A word counts wherever it stands outside of quotes and comments, so nothing has to be parsed.

/** Skips comments, strings and quoted names, as SQLite's tokenizer does; what is left are words. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|(?<word>[\p{L}_$\u0080-\u{10ffff}][\p{L}\p{N}_$\u0080-\u{10ffff}]*)/giu;

const forbidden: Readonly<Record<string, string>> = {
  attach: 'opens another file',
  detach: 'closes a database that a script cannot have attached',
  vacuum: 'writes a copy of the database, wherever it is told to',
  load_extension: 'runs code of the host',
};

/** Settings of a connection that would reach beyond its file, or beyond its bounds. */
const forbiddenPragmas: ReadonlySet<string> = new Set([
  'temp_store_directory',
  'data_store_directory',
  'hard_heap_limit',
  'soft_heap_limit',
  'max_page_count',
  'mmap_size',
  'journal_mode',
  'locking_mode',
  'writable_schema',
  'trusted_schema',
]);

/** What is wrong with the SQL; `undefined` for nothing. */
export function faultOf(sql: string): string | undefined {
  if (sql.includes('\0')) return 'it holds a null byte';
  let previous = '';
  for (const { groups } of sql.matchAll(token)) {
    const word = groups?.['word']?.toLowerCase();
    if (word === undefined) continue;
    const why = Object.hasOwn(forbidden, word) ? forbidden[word] : undefined;
    if (why !== undefined)
      return `${word.toUpperCase()} ${why}; a name that is the same must stand in quotes`;
    const pragma = /^(?:pragma|main|temp)$/.test(previous) || word.startsWith('pragma_');
    const setting = word.startsWith('pragma_') ? word.slice('pragma_'.length) : word;
    if (pragma && forbiddenPragmas.has(setting)) return `PRAGMA ${setting} is the daemon’s to set`;
    previous = word;
  }
  return undefined;
}
