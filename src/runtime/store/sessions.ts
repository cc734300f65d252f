// Sessions in the database. Where a session's memory is and what is stale in it is not stored: facts of the
// moment.
import {
  Session,
  type LibraryId,
  type SessionId,
  type SessionStatus,
  type TemplateId,
} from '../../records/index.js';
import type { Connection } from './database.js';
import { isUniqueViolation } from './sqlite-error.js';

interface SessionRow {
  number: number;
  id: string;
  name: string | null;
  template_id: string;
  template_version: number;
  workspace_id: string | null;
  base_commit: string | null;
  worktree: string | null;
  libraries: string;
  status: string;
  created_at: string;
  last_used_at: string;
  closed_at: string | null;
  last_error: string | null;
  restored_from: string | null;
}

/** A session as it is stored. */
export type StoredSession = Omit<Session, 'residency' | 'storedBytes' | 'stale'>;
const StoredSession = Session.omit({ residency: true, storedBytes: true, stale: true });

export class SessionStore {
  readonly #find;
  readonly #list;
  readonly #insert;
  readonly #update;
  readonly #delete;
  readonly #counts;
  readonly #idsOfTemplate;
  readonly #idsStarting;
  readonly #readyWith;

  constructor(db: Connection) {
    this.#find = db.prepare<[string, string], SessionRow>(
      `SELECT * FROM sessions WHERE id = ? OR name = ? ORDER BY status IN ('starting', 'ready') DESC, number DESC LIMIT 1`,
    );
    this.#list = db.prepare<
      { before: number; limit: number; status: string | null; template: string | null },
      SessionRow
    >(
      `SELECT * FROM sessions WHERE number < :before AND (:status IS NULL OR status = :status)
       AND (:template IS NULL OR template_id = :template) ORDER BY number DESC LIMIT :limit`,
    );
    this.#insert = db.prepare(
      `INSERT INTO sessions (id, name, template_id, template_version, workspace_id, base_commit, worktree, libraries, status, created_at, last_used_at)
       VALUES (:id, :name, :templateId, :templateVersion, :workspaceId, :baseCommit, :worktree, :libraries, :status, :createdAt, :lastUsedAt)`,
    );
    this.#update = db.prepare(
      `UPDATE sessions SET status = :status, last_used_at = :lastUsedAt, closed_at = :closedAt, last_error = :lastError,
       restored_from = :restoredFrom WHERE id = :id`,
    );
    this.#delete = db.prepare(`DELETE FROM sessions WHERE id = ?`);
    this.#counts = db.prepare<[], { status: string; count: number }>(
      `SELECT status, count(*) AS count FROM sessions GROUP BY status`,
    );
    this.#idsOfTemplate = db
      .prepare<[string], SessionId>(`SELECT id FROM sessions WHERE template_id = ?`)
      .pluck();
    this.#readyWith = db.prepare<[string], SessionRow>(
      `SELECT * FROM sessions WHERE status = 'ready' AND libraries <> '[]' AND EXISTS
       (SELECT 1 FROM json_each(libraries) WHERE json_extract(value, '$.id') = ?) ORDER BY number`,
    );
    this.#idsStarting = db
      .prepare<[], SessionId>(`SELECT id FROM sessions WHERE status = 'starting'`)
      .pluck();
  }

  /** By id, or by name: the one in use before those that ended. */
  find(reference: string): StoredSession | undefined {
    const row = this.#find.get(reference, reference);
    return row === undefined ? undefined : toSession(row);
  }

  list(filter: {
    before: number;
    limit: number;
    status: SessionStatus | undefined;
    template: TemplateId | undefined;
  }): { number: number; session: StoredSession }[] {
    const { before, limit, status = null, template = null } = filter;
    return this.#list
      .all({ before, limit, status, template })
      .map((row) => ({ number: row.number, session: toSession(row) }));
  }

  /** False where another session in use has the name. */
  insert(session: StoredSession): boolean {
    try {
      this.#insert.run(toParameters(session));
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  /** Writes what may change: status, dates, errors. */
  update(session: StoredSession): void {
    const { id, status, lastUsedAt, closedAt, lastError, restoredFrom } = toParameters(session);
    this.#update.run({ id, status, lastUsedAt, closedAt, lastError, restoredFrom });
  }

  delete(session: SessionId): void {
    this.#delete.run(session);
  }

  counts(): Record<SessionStatus, number> {
    const counts = { starting: 0, ready: 0, crashed: 0, closed: 0 };
    for (const { status, count } of this.#counts.all()) counts[status as SessionStatus] = count;
    return counts;
  }

  idsOfTemplate(template: TemplateId): SessionId[] {
    return this.#idsOfTemplate.all(template);
  }

  /** Ready sessions that loaded some content of this library. */
  readyWith(library: LibraryId): StoredSession[] {
    return this.#readyWith.all(library).map(toSession);
  }

  /** Sessions that start: right after the daemon's own start, those that the last one left so. */
  idsStarting(): SessionId[] {
    return this.#idsStarting.all();
  }
}

function toSession(row: SessionRow): StoredSession {
  const optional = {
    name: row.name,
    workspaceId: row.workspace_id,
    baseCommit: row.base_commit,
    worktree: row.worktree,
    closedAt: row.closed_at,
    lastError: row.last_error,
    restoredFrom: row.restored_from,
  };
  return StoredSession.parse({
    id: row.id,
    templateId: row.template_id,
    templateVersion: row.template_version,
    libraries: JSON.parse(row.libraries) as unknown,
    status: row.status,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  });
}

function toParameters(session: StoredSession) {
  return {
    id: session.id,
    name: session.name ?? null,
    templateId: session.templateId,
    templateVersion: session.templateVersion,
    workspaceId: session.workspaceId ?? null,
    baseCommit: session.baseCommit ?? null,
    worktree: session.worktree ?? null,
    libraries: JSON.stringify(session.libraries),
    status: session.status,
    createdAt: session.createdAt,
    lastUsedAt: session.lastUsedAt,
    closedAt: session.closedAt ?? null,
    lastError: session.lastError ?? null,
    restoredFrom: session.restoredFrom ?? null,
  };
}
