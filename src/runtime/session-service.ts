// Sessions as clients see them: made from a template, found, put to sleep, ended.
import { newId, type Session, type SessionInput, type SessionStatus } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { Residents } from './residents.js';
import type { SessionKeeper } from './session-keeper.js';
import { pageOf, parsePage } from './store/page.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import { defaultTemplateName, parseName, requireTemplate } from './template-service.js';
import type { Page, PageInput, RuntimeEvent, Sessions } from './types.js';
import { WorkerEnded } from './workers/worker-thread.js';
import { requireWorktree } from './worktree.js';

export interface SessionServiceOptions {
  store: Store;
  residents: Residents;
  keeper: SessionKeeper;
  notify: (event: RuntimeEvent) => void;
}

export class SessionService implements Sessions {
  readonly #store: Store;
  readonly #residents: Residents;
  readonly #keeper: SessionKeeper;
  readonly #notify: (event: RuntimeEvent) => void;

  constructor({ store, residents, keeper, notify }: SessionServiceOptions) {
    this.#store = store;
    this.#residents = residents;
    this.#keeper = keeper;
    this.#notify = notify;
  }

  async create(input: SessionInput & { template?: string | undefined }): Promise<Session> {
    this.#keeper.refuseWhileClosing();
    const template = requireTemplate(this.#store, input.template ?? defaultTemplateName);
    const now = new Date().toISOString();
    const record: StoredSession = {
      id: newId('ses'),
      ...(input.name === undefined ? {} : { name: parseName(input.name) }),
      templateId: template.id,
      templateVersion: template.version,
      ...(input.workspaceId === undefined ? {} : { workspaceId: input.workspaceId }),
      ...(input.baseCommit === undefined ? {} : { baseCommit: input.baseCommit }),
      ...(input.worktree === undefined ? {} : { worktree: requireWorktree(input.worktree) }),
      libraries: template.libraries,
      status: 'starting',
      createdAt: now,
      lastUsedAt: now,
    };
    if (!this.#store.sessions.insert(record)) {
      throw new RuntimeError('NAME_TAKEN', `session name ${JSON.stringify(record.name)} is taken`);
    }
    let session: LiveSession;
    try {
      session = await this.#residents.admit(record, 'call');
    } catch (error) {
      this.#store.sessions.delete(record.id);
      throw error;
    }
    try {
      const how = await this.#keeper.start(session);
      if (how === 'asleep') this.#residents.remove(session);
      this.#keeper.change(session, { status: 'ready' });
    } catch (error) {
      this.#residents.remove(session);
      this.#keeper.change(session, { status: 'crashed', lastError: messageOf(error) });
      throw error;
    } finally {
      session.turns.end();
    }
    return this.#keeper.toSession(session.record);
  }

  get(session: string): Session {
    return this.#keeper.toSession(this.#keeper.require(session));
  }

  list(
    filter: PageInput & { status?: SessionStatus | undefined; template?: string | undefined } = {},
  ): Page<Session> {
    const { limit, before } = parsePage(filter);
    const template =
      filter.template === undefined ? undefined : requireTemplate(this.#store, filter.template).id;
    const rows = this.#store.sessions.list({ before, limit: limit + 1, status: filter.status, template });
    return pageOf(rows, limit, ({ session }) =>
      this.#keeper.toSession(this.#residents.find(session.id)?.record ?? session),
    );
  }

  async close(session: string): Promise<Session> {
    const record = this.#keeper.require(session);
    if (record.status === 'closed') return this.#keeper.toSession(record);
    const live = this.#residents.find(record.id);
    if (live === undefined) {
      this.#keeper.planTimerOf(record.id, undefined);
      this.#keeper.write({ ...record, status: 'closed', closedAt: new Date().toISOString() });
      return this.get(record.id);
    }
    live.end();
    await live.turns.takeNext('call');
    try {
      this.#keeper.planTimer(live, undefined);
      if (!live.gone) this.#residents.remove(live);
      this.#keeper.change(live, { status: 'closed', closedAt: new Date().toISOString() });
    } finally {
      live.turns.end();
    }
    return this.#keeper.toSession(live.record);
  }

  async delete(session: string): Promise<void> {
    const { id } = await this.close(session);
    this.#store.deleteSession(id);
    this.#notify({ kind: 'session_deleted', sessionId: id });
  }

  interrupt(session: string): boolean {
    return this.#residents.find(this.#keeper.require(session).id)?.interrupt() ?? false;
  }

  async hibernate(session: string): Promise<Session> {
    const record = this.#keeper.requireReady(session);
    if (this.#residents.find(record.id) !== undefined) {
      await this.#keeper.withTurnAsleep(record.id, { ifBusy: 'reject' }, (live) =>
        this.#keeper.hibernate(live),
      );
    }
    return this.get(record.id);
  }

  complete(session: string, text: string): Promise<{ items: string[]; replaces: string }> {
    return this.#keeper.withTurn(session, { ifBusy: 'reject' }, async ({ worker }) => {
      if (worker === undefined) throw new Error('the session has no worker');
      const patience = setInterval(() => {
        if (!worker.isSaving) void worker.terminate();
      }, completionPatienceMs);
      try {
        const { items, replaces } = await worker.request({ type: 'complete', text });
        return { items, replaces };
      } catch (error) {
        if (error instanceof WorkerEnded) return { items: [], replaces: '' };
        throw error;
      } finally {
        clearInterval(patience);
      }
    });
  }
}

/** Traps of a proxy may run while names are looked up: one that the engine cannot stop costs the session its worker. */
const completionPatienceMs = 1000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
