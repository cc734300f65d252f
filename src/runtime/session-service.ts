// Sessions as clients see them: made from a template, found, put to sleep, ended; and the turns that executions take.
import { newId, type Execution, type Session, type SessionId, type SessionInput, type SessionStatus } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { Residents } from './residents.js';
import type { Runner, RunSpec } from './runner.js';
import { fileSpec, timerSpec } from './run-spec.js';
import { pageOf, parsePage } from './store/page.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import { defaultTemplateName, parseName, type TemplateService } from './template-service.js';
import type { CallHooks, LogEntry, Page, PageInput, RuntimeEvent, Sessions } from './types.js';
import { requireWorktree } from './worktree.js';

/** A session that was used is written to the store once it has been idle this long. */
const saveAfterIdleMs = 250;
/** Node's timers take no more; a session's timer that is due later is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

export interface SessionServiceOptions {
  store: Store;
  residents: Residents;
  runner: Runner;
  environment: Readonly<Record<string, string | undefined>>;
  notify: (event: RuntimeEvent) => void;
  log: (entry: LogEntry) => void;
}

export class SessionService implements Sessions {
  readonly #options: SessionServiceOptions;
  readonly #store: Store;
  readonly #residents: Residents;
  #templates: TemplateService | undefined;
  #closing = false;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#residents = options.residents;
  }

  /** Sessions are made from templates, and templates delete their sessions: this closes the circle. */
  useTemplates(templates: TemplateService): void {
    this.#templates = templates;
  }

  get #required(): TemplateService {
    if (this.#templates === undefined) throw new Error('sessions: no templates yet');
    return this.#templates;
  }

  async create(input: SessionInput & { template?: string | undefined }): Promise<Session> {
    this.#refuseWhileClosing();
    const template = this.#required.get(input.template ?? defaultTemplateName);
    const now = new Date().toISOString();
    const record: StoredSession = {
      id: newId('ses'),
      ...(input.name === undefined ? {} : { name: parseName(input.name) }),
      templateId: template.id,
      templateVersion: template.version,
      ...(input.workspaceId === undefined ? {} : { workspaceId: input.workspaceId }),
      ...(input.baseCommit === undefined ? {} : { baseCommit: input.baseCommit }),
      ...(input.worktree === undefined ? {} : { worktree: requireWorktree(input.worktree) }),
      status: 'starting',
      createdAt: now,
      lastUsedAt: now,
    };
    if (!this.#store.sessions.insert(record)) {
      throw new RuntimeError('NAME_TAKEN', `session name ${JSON.stringify(record.name)} is taken`);
    }
    let session: LiveSession;
    try {
      session = await this.#residents.admit(record);
    } catch (error) {
      this.#store.sessions.delete(record.id);
      throw error;
    }
    session.turns.tryTake();
    try {
      await this.#residents.wake(session);
      await this.#start(session);
      this.#change(session, { status: 'ready' });
    } catch (error) {
      this.#residents.remove(session);
      this.#change(session, { status: 'crashed', lastError: messageOf(error) });
      throw error;
    } finally {
      session.turns.end();
    }
    return this.#toSession(session.record);
  }

  /** Runs the startup files of the session's template, in order; the first that fails ends it. */
  async #start(session: LiveSession): Promise<void> {
    for (const { path } of session.policy.startup) {
      const spec = fileSpec(session, { kind: 'startup', path }, this.#options.environment);
      const execution = await this.#execute(session, spec);
      if (execution.status === 'ok') continue;
      const { name, message } = execution.error ?? { name: 'Error', message: execution.status };
      throw new RuntimeError('STARTUP_FAILED', `startup file ${JSON.stringify(path)}: ${name}: ${message}`, {
        details: { sessionId: session.id, executionId: execution.id, path, error: execution.error },
      });
    }
  }

  get(session: string): Session {
    return this.#toSession(this.require(session));
  }

  /** The record of a session, by id or name. Throws SESSION_NOT_FOUND. */
  require(session: string): StoredSession {
    const live = this.#residents.find(session as SessionId);
    const record = live?.record ?? this.#store.sessions.find(session);
    if (record === undefined) throw new RuntimeError('SESSION_NOT_FOUND', `session ${JSON.stringify(session)} does not exist`);
    return live === undefined ? (this.#residents.find(record.id)?.record ?? record) : record;
  }

  list(
    filter: PageInput & { status?: SessionStatus | undefined; template?: string | undefined } = {},
  ): Page<Session> {
    const { limit, before } = parsePage(filter);
    const template = filter.template === undefined ? undefined : this.#required.get(filter.template).id;
    const rows = this.#store.sessions.list({ before, limit: limit + 1, status: filter.status, template });
    return pageOf(rows, limit, ({ session }) => this.#toSession(this.#residents.find(session.id)?.record ?? session));
  }

  async close(session: string): Promise<Session> {
    const record = this.require(session);
    if (record.status === 'closed') return this.#toSession(record);
    const live = this.#residents.find(record.id);
    if (live === undefined) {
      this.#write({ ...record, status: 'closed', closedAt: new Date().toISOString() });
      return this.get(record.id);
    }
    live.running?.cancel();
    await live.turns.take();
    try {
      if (!live.gone) this.#residents.remove(live);
      this.#change(live, { status: 'closed', closedAt: new Date().toISOString() });
    } finally {
      live.turns.end();
    }
    return this.#toSession(live.record);
  }

  async delete(session: string): Promise<void> {
    const { id } = await this.close(session);
    this.#store.sessions.delete(id);
    this.#options.notify({ kind: 'session_deleted', sessionId: id });
  }

  interrupt(session: string): boolean {
    const running = this.#residents.find(this.require(session).id)?.running;
    running?.cancel();
    return running !== undefined;
  }

  async hibernate(session: string): Promise<Session> {
    const record = this.#requireReady(session);
    const live = this.#residents.find(record.id);
    if (live === undefined) return this.#toSession(record);
    if (!live.turns.tryTake()) throw busy(record.id);
    try {
      if (live.worker === undefined) await this.#residents.wake(live);
      await this.#residents.store(live);
      this.#residents.remove(live);
    } finally {
      live.turns.end();
    }
    this.#options.notify({ kind: 'session_changed', session: this.#toSession(live.record) });
    return this.#toSession(live.record);
  }

  complete(session: string, text: string): Promise<{ items: string[]; replaces: string }> {
    return this.withTurn(session, { ifBusy: 'reject' }, async ({ worker }) => {
      if (worker === undefined) throw new Error('the session has no worker');
      const { items, replaces } = await worker.request({ type: 'complete', text });
      return { items, replaces };
    });
  }

  /** Runs one execution in a session: waits for its turn, wakes it, runs, and plans what comes after. */
  execute(
    session: string,
    options: { ifBusy: 'reject' | 'wait'; signal?: AbortSignal | undefined },
    makeSpec: (session: LiveSession) => RunSpec,
    hooks?: CallHooks,
  ): Promise<Execution> {
    return this.withTurn(session, options, (live) => this.#execute(live, makeSpec(live), hooks));
  }

  /** Has the turn of a ready session, awake, while `work` runs. */
  async withTurn<T>(
    session: string,
    { ifBusy, signal }: { ifBusy: 'reject' | 'wait'; signal?: AbortSignal | undefined },
    work: (session: LiveSession) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      this.#refuseWhileClosing();
      const record = this.#requireReady(session);
      const live = this.#residents.find(record.id) ?? (await this.#residents.admit(record));
      if (!live.turns.tryTake()) {
        if (ifBusy === 'reject') throw busy(record.id);
        await live.turns.take(signal);
      }
      try {
        // It may have left memory, or ended, while this waited for its turn: then look it up again.
        if (live.gone) continue;
        const { fresh } = await this.#residents.wake(live);
        if (fresh) await this.#start(live);
        live.usedAt = performance.now();
        return await work(live);
      } finally {
        live.turns.end();
        this.#planSave(live);
      }
    }
  }

  async #execute(session: LiveSession, spec: RunSpec, hooks?: CallHooks): Promise<Execution> {
    const { execution, nextTimerMs } = await this.#options.runner.run(session, spec, hooks);
    session.record = { ...session.record, lastUsedAt: execution.startedAt };
    this.#planTimer(session, nextTimerMs);
    return execution;
  }

  #planTimer(session: LiveSession, inMs: number | undefined): void {
    clearTimeout(session.timerDue);
    session.timerDue = undefined;
    if (inMs === undefined || session.gone) return;
    session.timerDue = setTimeout(() => void this.#runTimer(session), Math.min(Math.max(1, inMs), longestTimerMs));
  }

  /** Runs what a script has left to run later. Never rejects: there is nobody to tell but the log. */
  async #runTimer(session: LiveSession): Promise<void> {
    // Whoever has the turn plans the timer again when it is done.
    if (session.gone || this.#closing || !session.turns.tryTake()) return;
    try {
      if (session.worker === undefined) return;
      await this.#execute(session, timerSpec(session));
    } catch (error) {
      this.#options.log({ level: 'error', message: 'running a timer failed', sessionId: session.id, error });
    } finally {
      session.turns.end();
      this.#planSave(session);
    }
  }

  #planSave(session: LiveSession): void {
    if (session.gone || !session.dirty || session.saveDue !== undefined) return;
    session.saveDue = setTimeout(() => void this.#saveIfIdle(session), saveAfterIdleMs);
  }

  async #saveIfIdle(session: LiveSession): Promise<void> {
    session.saveDue = undefined;
    if (session.gone) return;
    const idleMs = performance.now() - session.usedAt;
    if (idleMs < saveAfterIdleMs || !session.turns.tryTake()) {
      this.#planSave(session);
      return;
    }
    try {
      await this.#save(session);
    } catch (error) {
      this.#options.log({ level: 'error', message: 'storing the session failed', sessionId: session.id, error });
    } finally {
      session.turns.end();
    }
  }

  async #save(session: LiveSession): Promise<void> {
    await this.#residents.store(session);
    this.#store.sessions.update(session.record);
  }

  /** Waits for what runs, at most `graceMs`, cancels the rest, and stores every session. */
  async closeAll(graceMs: number): Promise<void> {
    this.#closing = true;
    const deadline = setTimeout(() => {
      for (const { running } of this.#residents.all) running?.cancel();
    }, graceMs);
    try {
      await Promise.all(this.#residents.all.map((session) => this.#storeAtEnd(session)));
    } finally {
      clearTimeout(deadline);
    }
  }

  async #storeAtEnd(session: LiveSession): Promise<void> {
    await session.turns.take();
    try {
      if (session.gone) return;
      if (session.dirty && session.worker === undefined) await this.#residents.wake(session);
      await this.#save(session);
      this.#residents.remove(session);
    } catch (error) {
      this.#options.log({ level: 'error', message: 'storing the session failed', sessionId: session.id, error });
    } finally {
      session.turns.end();
    }
  }

  #requireReady(session: string): StoredSession {
    const record = this.require(session);
    if (record.status === 'ready') return record;
    const because = record.lastError === undefined ? '' : `: ${record.lastError}`;
    throw new RuntimeError('SESSION_NOT_READY', `session ${record.id} is ${record.status}${because}`);
  }

  #refuseWhileClosing(): void {
    if (this.#closing) throw new RuntimeError('OVERLOADED', 'the daemon is shutting down');
  }

  #change(session: LiveSession, change: Partial<StoredSession>): void {
    session.record = { ...session.record, ...change };
    this.#write(session.record);
  }

  #write(record: StoredSession): void {
    this.#store.sessions.update(record);
    this.#options.notify({ kind: 'session_changed', session: this.#toSession(record) });
  }

  #toSession(record: StoredSession): Session {
    const live = this.#residents.find(record.id) !== undefined;
    const ended = record.status === 'closed' || record.status === 'crashed';
    return { ...record, residency: ended ? 'none' : live ? 'live' : 'hibernated' };
  }
}

const busy = (id: SessionId): RuntimeError =>
  new RuntimeError('SESSION_BUSY', `session ${id} runs another execution; wait with ifBusy: "wait", or interrupt it`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
