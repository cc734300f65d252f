// SQL that must not reach SQLite: whatever would open, write or load anything beside the database.
import t from 'tap';
import { faultOf } from '#src/runtime/capabilities/database/statements.js';

t.test('what reaches other files is refused, however it is written', async (t) => {
  for (const sql of [
    "ATTACH 'x' AS y",
    "attach database 'x' as y",
    "SELECT 1; aTTaCh 'x' AS y",
    "/* a */ATTACH/* b */'x' AS y",
    "-- a\nATTACH 'x' AS y",
    "SELECT ''; ATTACH 'x' AS y",
    "SELECT 'it''s'; ATTACH 'x' AS y",
    'SELECT "a""b"; ATTACH \'x\' AS y',
    "SELECT `a`; ATTACH 'x' AS y",
    "SELECT [a]; ATTACH 'x' AS y",
    "SELECT '--'; ATTACH 'x' AS y",
    "SELECT '/*'; ATTACH 'x' AS y --*/",
    "VACUUM INTO '/tmp/x'",
    "VACUUM main INTO 'x'",
    'VACUUM',
    'DETACH y',
    "SELECT load_extension('x')",
    "SELECT LOAD_EXTENSION ('x')",
    "PRAGMA temp_store_directory = '/tmp'",
    'PRAGMA main.journal_mode = DELETE',
    'pragma max_page_count=1',
    'PRAGMA/**/hard_heap_limit=0',
    "SELECT * FROM pragma_journal_mode('wal')",
    "SELECT file FROM 'pragma_database_list'",
    "SELECT file FROM main.'PRAGMA_database_list'",
    'SELECT 1\0; ATTACH',
  ]) {
    t.type(faultOf(sql), 'string', JSON.stringify(sql));
  }
});

t.test('what only looks like it is not', async (t) => {
  for (const sql of [
    "SELECT 'ATTACH'",
    'SELECT "attach" FROM t',
    'SELECT [attach], `vacuum` FROM t',
    '-- ATTACH\nSELECT 1',
    '/* ATTACH */ SELECT 1',
    'SELECT attachment, reattach, vacuumed FROM t',
    'SELECT 1 -- VACUUM',
    'SELECT 1 /* VACUUM',
    'PRAGMA table_info(t)',
    'PRAGMA user_version = 3',
    "SELECT name FROM pragma_table_info('t')",
    'SELECT journal_mode FROM settings',
    "SELECT 'pragma_ is how such names begin'",
  ]) {
    t.equal(faultOf(sql), undefined, JSON.stringify(sql));
  }
});
