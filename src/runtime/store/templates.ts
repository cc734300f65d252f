// Templates in the database: one row each, and one row for every version of its policy.
import { Policy, Template, type LibraryId, type TemplateId } from '../../records/index.js';
import { isUniqueViolation } from './sqlite-error.js';
import type { Connection } from './database.js';

interface TemplateRow {
  number: number;
  id: string;
  name: string;
  version: number;
  policy: string;
  created_at: string;
  updated_at: string;
}

const columns = `t.rowid AS number, t.id, t.name, t.version, t.created_at, t.updated_at, v.policy`;
const joined = `templates t JOIN template_versions v ON v.template_id = t.id AND v.version = t.version`;

export class TemplateStore {
  readonly #db: Connection;
  readonly #find;
  readonly #list;
  readonly #policy;
  readonly #pinning;
  readonly #nameOf;
  readonly #insert;
  readonly #insertVersion;
  readonly #update;
  readonly #delete;

  constructor(db: Connection) {
    this.#db = db;
    this.#find = db.prepare<[string, string], TemplateRow>(
      `SELECT ${columns} FROM ${joined} WHERE t.id = ? OR t.name = ?`,
    );
    this.#list = db.prepare<[number, number], TemplateRow>(
      `SELECT ${columns} FROM ${joined} WHERE t.rowid < ? ORDER BY t.rowid DESC LIMIT ?`,
    );
    this.#policy = db
      .prepare<[string, number], string>(
        `SELECT policy FROM template_versions WHERE template_id = ? AND version = ?`,
      )
      .pluck();
    this.#nameOf = db.prepare<[string], string>(`SELECT name FROM templates WHERE id = ?`).pluck();
    this.#pinning = db.prepare<[string], TemplateRow>(
      `SELECT ${columns} FROM ${joined} WHERE EXISTS
       (SELECT 1 FROM json_each(v.policy, '$.libraries') WHERE json_extract(value, '$.id') = ?) ORDER BY t.rowid`,
    );
    this.#insert = db.prepare(
      `INSERT INTO templates (id, name, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#insertVersion = db.prepare(
      `INSERT INTO template_versions (template_id, version, policy) VALUES (?, ?, ?)`,
    );
    this.#update = db.prepare(`UPDATE templates SET name = ?, version = ?, updated_at = ? WHERE id = ?`);
    this.#delete = db.prepare(`DELETE FROM templates WHERE id = ?`);
  }

  /** By id or name. */
  find(reference: string): Template | undefined {
    const row = this.#find.get(reference, reference);
    return row === undefined ? undefined : toTemplate(row);
  }

  /** At most `limit`, newest first, with their numbers. */
  list(before: number, limit: number): { number: number; template: Template }[] {
    return this.#list.all(before, limit).map((row) => ({ number: row.number, template: toTemplate(row) }));
  }

  nameOf(template: TemplateId): string | undefined {
    return this.#nameOf.get(template);
  }

  /** Those whose current version pins the library with this id, oldest first. */
  pinning(library: LibraryId): Template[] {
    return this.#pinning.all(library).map(toTemplate);
  }

  /** What this version of the template says. */
  policy(template: TemplateId, version: number): Policy | undefined {
    const text = this.#policy.get(template, version);
    return text === undefined ? undefined : Policy.parse(JSON.parse(text));
  }

  /** Writes a template and its version; false where another one has the name. */
  save(template: Template): boolean {
    const { id, name, version, createdAt, updatedAt } = template;
    try {
      this.#db.transaction(() => {
        if (version === 1) this.#insert.run(id, name, version, createdAt, updatedAt);
        else this.#update.run(name, version, updatedAt, id);
        this.#insertVersion.run(id, version, JSON.stringify(toPolicy(template)));
      })();
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  delete(template: TemplateId): void {
    this.#delete.run(template);
  }
}

function toTemplate(row: TemplateRow): Template {
  return Template.parse({
    id: row.id,
    name: row.name,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(JSON.parse(row.policy) as object),
  });
}

function toPolicy(template: Template): Policy {
  const { engine, limits, resolver, runtime, capabilities, startup, libraries, env } = template;
  return { engine, limits, resolver, runtime, capabilities, startup, libraries, env };
}
