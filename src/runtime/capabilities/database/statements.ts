// SQL that a script wrote, looked at before SQLite sees it: words that would reach files other than the database that
// was opened are refused. A word counts wherever it stands outside of quotes and comments, so nothing has to be parsed.

/**
 * Comments, texts, quoted names and words, as SQLite's tokenizer has them. A byte order mark before a word is a space
 * to it, and a letter inside of one.
 */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?<text>(?:[^']|'')*)(?:'|$)|"(?<double>(?:[^"]|"")*)(?:"|$)|`(?<tick>(?:[^`]|``)*)(?:`|$)|\[(?<bracket>[^\]]*)(?:\]|$)|(?<word>(?!\ufeff)[\p{L}_$\u0080-\u{10ffff}][\p{L}\p{N}_$\u0080-\u{10ffff}]*)/giu;

const forbidden: Readonly<Record<string, string>> = {
  attach: 'opens another file',
  detach: 'closes a database that a script cannot have attached',
  vacuum: 'writes a copy of the database, wherever it is told to',
  load_extension: 'runs code of the host',
};

/** What a script may ask and set: nothing that reaches beyond the database's file, or beyond its bounds. */
const knownPragmas: ReadonlySet<string> = new Set([
  ...['application_id', 'automatic_index', 'busy_timeout', 'case_sensitive_like', 'collation_list'],
  ...['compile_options', 'data_version', 'defer_foreign_keys', 'encoding', 'foreign_key_check'],
  ...['foreign_key_list', 'foreign_keys', 'freelist_count', 'function_list', 'ignore_check_constraints'],
  ...['index_info', 'index_list', 'index_xinfo', 'integrity_check', 'module_list', 'optimize', 'page_count'],
  ...['pragma_list', 'query_only', 'quick_check', 'recursive_triggers', 'reverse_unordered_selects'],
  ...['schema_version', 'secure_delete', 'synchronous', 'table_info', 'table_list', 'table_xinfo'],
  ...['user_version'],
]);

/** What is wrong with the SQL; `undefined` for nothing. */
export function faultOf(sql: string): string | undefined {
  if (sql.includes('\0')) return 'it holds a null byte';
  /** Whether the next name is that of a pragma, or of the schema before it. */
  let pragma: 'none' | 'schema' | 'name' = 'none';
  for (const { groups = {} } of sql.matchAll(token)) {
    const { word, text, double, tick, bracket } = groups;
    const name = (word ?? text ?? double ?? tick ?? bracket)?.toLowerCase();
    if (name === undefined) continue;
    const why = word !== undefined && Object.hasOwn(forbidden, name) ? forbidden[name] : undefined;
    if (why !== undefined)
      return `${name.toUpperCase()} ${why}; a name that is the same must stand in quotes`;
    if (pragma !== 'none') {
      const isSchema: boolean = pragma === 'schema' && (name === 'main' || name === 'temp');
      if (!isSchema && !knownPragmas.has(name)) return refusePragma(name);
      pragma = isSchema ? 'name' : 'none';
    } else if (word !== undefined && name === 'pragma') {
      pragma = 'schema';
    } else if (/^pragma_\w+$/.test(name)) {
      // A text too: where a table is expected, SQLite takes it for a name.
      const asked = name.slice('pragma_'.length);
      if (!knownPragmas.has(asked)) return refusePragma(asked);
    }
  }
  return undefined;
}

const refusePragma = (name: string): string =>
  `PRAGMA ${name} is the daemon’s to set; a script may use ${[...knownPragmas].join(', ')}`;
