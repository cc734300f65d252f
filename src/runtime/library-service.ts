// Libraries as their cache sees the runtime: tried before they are added, asked for their users, and taken up where
// their content changed. What takes long is done one after the other, in the background or while the cache waits.
import {
  defaultLimits,
  type Library,
  type LibraryId,
  type Limits,
  type Template,
  type TemplateId,
} from '../records/index.js';
import { createShadow } from './engine/image.js';
import { RuntimeError } from './errors.js';
import { checkIn, loadInto, type LibraryLoader } from './library-loader.js';
import { toModuleSettings } from './modules/module-settings.js';
import type { Residents } from './residents.js';
import type { SessionKeeper } from './session-keeper.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import type { TemplateService } from './template-service.js';
import type { Libraries, LibraryCandidate, LogEntry, RuntimeEvent } from './types.js';
import type { WarmStarts } from './warm-starts.js';
import type { WorkerPool } from './workers/pool.js';
import type { WorkerThread } from './workers/worker-thread.js';

/** What loads under these loads in a session of the default limits, too; and no person waits for more than ten seconds. */
const checkLimits: Limits = { ...defaultLimits, wallMs: 10_000 };

/** Checks that may wait: each may take its ten seconds, and longer lines nobody waits for. */
const longestLine = 64;

export interface LibraryServiceOptions {
  store: Store;
  pool: WorkerPool;
  loader: LibraryLoader;
  warmStarts: WarmStarts;
  templates: TemplateService;
  residents: Residents;
  keeper: SessionKeeper;
  /** Files and folders that no session reaches. */
  closed: readonly string[];
  notify: (event: RuntimeEvent) => void;
  log: (entry: LogEntry) => void;
}

export class LibraryService implements Libraries {
  readonly #options: LibraryServiceOptions;
  /** Ends when what was asked for before has ended: one worker at a time, beside those of sessions. */
  #line: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Templates whose start is to be made ahead, in their version of then. */
  readonly #toRenew = new Map<TemplateId, Template>();
  #worker: WorkerThread | undefined;
  #closed = false;

  constructor(options: LibraryServiceOptions) {
    this.#options = options;
  }

  check(candidate: LibraryCandidate): Promise<{ exports: string[] }> {
    if (this.#waiting >= longestLine) {
      const message = `library ${candidate.id}: ${longestLine} others wait to be tried; try again`;
      return Promise.reject(new RuntimeError('OVERLOADED', message));
    }
    const { id, name, global, format, code } = candidate;
    const library = { id, name, format, code, ...(global === undefined ? {} : { global }) };
    return this.#inLine(async () => ({
      exports: await this.#withWorker((worker) => checkIn(worker, library, checkLimits)),
    }));
  }

  users(library: string): { id: TemplateId; name: string }[] {
    return this.#options.store.templates.pinning(library).map(({ id, name }) => ({ id, name }));
  }

  changed({ id, integrity }: Library): void {
    const { templates, store } = this.#options;
    for (const template of templates.renewPins({ id, integrity })) this.#renewLater(template);
    for (const record of store.sessions.readyWith(id)) {
      const isStale = record.libraries.some((pin) => pin.id === id && pin.integrity !== integrity);
      if (isStale) this.#announce(record);
    }
  }

  announceUsers(library: LibraryId): void {
    for (const record of this.#options.store.sessions.readyWith(library)) this.#announce(record);
  }

  #announce(record: StoredSession): void {
    const { residents, keeper, notify } = this.#options;
    const session = keeper.toSession(residents.find(record.id)?.record ?? record);
    notify({ kind: 'session_changed', session });
  }

  /** Only of a template that starts without files: they are those of a worktree, which only a session has. */
  #renewLater(template: Template): void {
    if (template.startup.length > 0 || !template.runtime.warm) return;
    const isPlanned = this.#toRenew.has(template.id);
    this.#toRenew.set(template.id, template);
    if (!isPlanned) void this.#inLine(() => this.#renew(template.id));
  }

  /** Never rejects: a session that starts cold says what is wrong. */
  async #renew(id: TemplateId): Promise<void> {
    const template = this.#toRenew.get(id);
    this.#toRenew.delete(id);
    if (template === undefined || this.#closed) return;
    try {
      await this.#makeAhead(template);
    } catch (error) {
      if (this.#closed) return;
      const message = `making the start of template ${template.name} ahead failed`;
      this.#options.log({ level: 'warn', message, error });
    }
  }

  async #makeAhead(template: Template): Promise<void> {
    const { warmStarts, loader, closed } = this.#options;
    const { id: templateId, version: templateVersion, limits, runtime } = template;
    const starter = { policy: template, record: { templateId, templateVersion } };
    const key = warmStarts.key(starter, []);
    if (key === undefined || warmStarts.has(key)) return;
    const libraries = await loader.read(template.libraries);
    const image = await this.#withWorker(async (worker) => {
      await worker.request({
        type: 'open',
        maxMemoryMb: limits.memMb,
        shadow: createShadow(limits.memMb),
        shiftTimersMs: 0,
        console: runtime.console,
        modules: toModuleSettings({ policy: template, template: template.name, closed }),
      });
      await loadInto(worker, libraries, limits);
      const { hasReached } = await worker.request({ type: 'reach' });
      return hasReached ? undefined : (await worker.request({ type: 'image' })).image;
    });
    if (!this.#closed && image !== undefined) warmStarts.keepAhead(starter, key, image);
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const done = this.#line.then(work).finally(() => (this.#waiting -= 1));
    this.#line = done.catch(() => {});
    return done;
  }

  async #withWorker<T>(work: (worker: WorkerThread) => Promise<T>): Promise<T> {
    const { pool } = this.#options;
    if (this.#closed) throw new RuntimeError('OVERLOADED', 'the daemon is shutting down');
    const worker = await pool.lease();
    this.#worker = worker;
    try {
      return await work(worker);
    } catch (cause) {
      if (this.#closed) throw new RuntimeError('OVERLOADED', 'the daemon is shutting down', { cause });
      throw cause;
    } finally {
      this.#worker = undefined;
      await pool.release(worker);
    }
  }

  /** Ends what is in progress, and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    await this.#line;
  }
}
