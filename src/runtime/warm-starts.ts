// Warm starts: what a template's libraries and startup files led to, kept as an image, so that they run once and not
// for every session. Kept under a key of everything that they could see; whatever changes makes another key. A start
// that looked for files or called the host saw what no key can hold, and of another worktree besides: it is not kept.
import { createHash } from 'node:crypto';
import { newId, type Event, type Execution, type Policy, type TemplateId } from '../records/index.js';
import type { Base } from './engine/base.js';
import type { Image } from './engine/image.js';
import type { LiveSession } from './live-session.js';
import type { References } from './references.js';
import type { RunSpec } from './runner.js';
import type { Store } from './store/store.js';

/** What starts: a session, or a template whose start is made ahead. */
export interface WarmStarter {
  policy: Policy;
  record: { templateId: TemplateId; templateVersion: number };
}

/** Changes with the rule by which starts are kept: those of another rule are not adopted. */
const keptBy = 'reached nothing';

export class WarmStarts {
  readonly #store: Store;
  readonly #base: Base;
  readonly #references: References;

  constructor(store: Store, base: Base, references: References) {
    this.#store = store;
    this.#base = base;
    this.#references = references;
  }

  /** The key of a session's start; none where there is nothing to keep, or the template wants it run each time. */
  key({ policy, record }: WarmStarter, specs: readonly RunSpec[]): string | undefined {
    const { libraries, runtime } = policy;
    if ((specs.length === 0 && libraries.length === 0) || !runtime.warm) return undefined;
    const { templateId, templateVersion } = record;
    const requests = specs.map(({ request }) => request);
    const parts = [keptBy, this.#base.key, templateId, templateVersion, libraries, requests];
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  }

  /** Takes up what is kept under the key, if anything is: the state, and a record of each startup file's run. */
  adopt(session: LiveSession, key: string | undefined): boolean {
    if (key === undefined) return false;
    return this.#store.atomically(() => {
      const warm = this.#store.warmStarts.find(key, Date.now());
      if (warm === undefined) return false;
      let lastExecution = 0;
      for (const { execution, events } of warm.executions)
        lastExecution = this.#copy(session, execution, events);
      // Its timers have what they had left then.
      const absentMs = this.#store.presence.absentMs - (Date.now() - warm.takenAt);
      session.state = { image: warm.image, lastExecution, absentMs };
      this.#store.states.save(session.id, session.state);
      return true;
    });
  }

  /** Writes an execution of the first session's start as one of this session's; answers its number. */
  #copy(session: LiveSession, execution: Execution, events: readonly Event[]): number {
    const now = new Date().toISOString();
    const message = `not run again: its state and output are those of its run at ${execution.startedAt}`;
    const note: Event = {
      seq: events.length + 1,
      ts: now,
      type: 'system',
      payload: { level: 'info', message },
    };
    const copied = [...events, note];
    const metrics = { ...execution.metrics, events: copied.length };
    const own = {
      ...execution,
      id: newId('exe'),
      sessionId: session.id,
      startedAt: now,
      endedAt: now,
      durationMs: 0,
      metrics,
    };
    const number = this.#store.executions.begin(own);
    this.#store.executions.end(number, own, copied);
    return number;
  }

  /** Keeps where a session's start led, for the sessions after it, unless it reached the host. Needs the turn. */
  async keep(session: LiveSession, key: string | undefined, executions: readonly Execution[]): Promise<void> {
    const { worker } = session;
    if (key === undefined || worker === undefined) return;
    const { hasReached } = await worker.request({ type: 'reach' });
    if (hasReached) return;
    const { image } = await worker.request({ type: 'image' });
    this.#store.atomically(() => {
      const number = this.#insert(key, session.record.templateId, image, executions);
      session.state = { ...session.state, image: number };
      this.#store.states.save(session.id, session.state);
      this.#trim(session.record.templateId);
    });
    session.parent = this.#references.stateOf(session.id, session.state.image).parent;
    session.dirty = false;
  }

  /** Keeps a start that was made ahead, without a session; not where its template is gone, or there is one already. */
  keepAhead({ record }: WarmStarter, key: string, image: Image): void {
    const { templateId, templateVersion } = record;
    this.#store.atomically(() => {
      const isGone = this.#store.templates.policy(templateId, templateVersion) === undefined;
      if (isGone || this.has(key)) return;
      this.#insert(key, templateId, image, []);
      this.#trim(templateId);
    });
  }

  has(key: string): boolean {
    return this.#store.warmStarts.find(key, Date.now()) !== undefined;
  }

  #insert(key: string, template: TemplateId, image: Image, executions: readonly Execution[]): number {
    const takenAt = Date.now();
    const number = this.#store.images.insert({ ...image, takenAt });
    const kept = executions.map(({ events = [], ...execution }) => ({ execution, events }));
    this.#store.warmStarts.insert(key, template, { image: number, takenAt, executions: kept }, takenAt);
    return number;
  }

  #trim(template: TemplateId): void {
    for (const dropped of this.#store.warmStarts.trim(template)) this.#store.images.drop(dropped);
  }
}
