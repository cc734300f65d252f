// The database's shape, as numbered steps. A step that was released is never edited: a new one follows it.

export const migrations: readonly { version: number; sql: string }[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE templates (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
      );
      CREATE TABLE template_versions (
        template_id TEXT NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        policy TEXT NOT NULL,
        PRIMARY KEY (template_id, version)
      );
      CREATE TABLE sessions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT,
        template_id TEXT NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
        template_version INTEGER NOT NULL,
        workspace_id TEXT,
        base_commit TEXT,
        worktree TEXT,
        status TEXT NOT NULL,
        created_at TEXT NOT NULL,
        last_used_at TEXT NOT NULL,
        closed_at TEXT,
        last_error TEXT,
        restored_from TEXT
      );
      CREATE UNIQUE INDEX session_names ON sessions (name) WHERE name IS NOT NULL AND status IN ('starting', 'ready');
      CREATE INDEX sessions_by_name ON sessions (name) WHERE name IS NOT NULL;
      CREATE INDEX sessions_by_template ON sessions (template_id);
      CREATE TABLE executions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        code TEXT,
        path TEXT,
        args TEXT,
        env TEXT,
        status TEXT NOT NULL,
        state TEXT NOT NULL,
        undone_at TEXT,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        duration_ms REAL,
        result TEXT,
        error TEXT,
        metrics TEXT NOT NULL
      );
      CREATE INDEX executions_by_session ON executions (session_id, number);
      CREATE INDEX executions_running ON executions (number) WHERE status = 'running';
      CREATE TABLE events (
        execution INTEGER NOT NULL REFERENCES executions (number) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        ts TEXT NOT NULL,
        type TEXT NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (execution, seq)
      ) WITHOUT ROWID;
      CREATE TABLE bases (
        key TEXT PRIMARY KEY,
        layout TEXT NOT NULL,
        heap_end INTEGER NOT NULL,
        pages BLOB NOT NULL,
        data BLOB NOT NULL
      );
      CREATE TABLE images (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        base_key TEXT NOT NULL,
        parent INTEGER REFERENCES images (number),
        heap_end INTEGER NOT NULL,
        taken_at INTEGER NOT NULL,
        pages BLOB NOT NULL,
        data BLOB NOT NULL,
        bytes INTEGER NOT NULL
      );
      CREATE INDEX images_by_parent ON images (parent) WHERE parent IS NOT NULL;
      CREATE TABLE presence (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        absent_ms INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
      );
      CREATE TABLE states (
        session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
        image INTEGER REFERENCES images (number),
        last_execution INTEGER NOT NULL,
        timer_due_at INTEGER,
        absent_ms INTEGER NOT NULL
      );
      CREATE INDEX states_by_image ON states (image);
      CREATE INDEX states_by_timer ON states (timer_due_at) WHERE timer_due_at IS NOT NULL;
      CREATE TABLE checkpoints (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        label TEXT,
        image INTEGER REFERENCES images (number),
        last_execution INTEGER NOT NULL,
        created_at TEXT NOT NULL
      );
      CREATE INDEX checkpoints_by_session ON checkpoints (session_id, number);
      CREATE INDEX checkpoints_by_image ON checkpoints (image);
      CREATE TABLE undos (
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        execution INTEGER,
        heap_end INTEGER NOT NULL,
        pages BLOB NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (session_id, number)
      );
      CREATE TABLE warm_starts (
        key TEXT PRIMARY KEY,
        template_id TEXT NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
        image INTEGER NOT NULL REFERENCES images (number),
        executions TEXT NOT NULL,
        used_at INTEGER NOT NULL
      );
      CREATE INDEX warm_starts_by_template ON warm_starts (template_id);
      CREATE INDEX warm_starts_by_image ON warm_starts (image);
    `,
  },
  {
    version: 2,
    sql: `ALTER TABLE sessions ADD COLUMN libraries TEXT NOT NULL DEFAULT '[]';`,
  },
];
