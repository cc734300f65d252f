// What a slow reader was not sent becomes one notice for each execution, and the latest state of each session and
// library. Progress that was not sent is forgotten: the reply follows it.
// The rule: from the first event that does not fit until the notice goes out, no event of that execution is sent;
// the notice names that first event, and the client reads on from there with `exec.events`.
import type { NotificationName, NotificationParams } from './methods/events.js';

/** A notification: its name, and the params that this name asks for. */
export type Notification = {
  [Name in NotificationName]: [name: Name, params: NotificationParams<Name>];
}[NotificationName];

/** A reader that owes itself so many executions, sessions and libraries has stopped reading; about 1 MB to remember. */
export const maxMissed = 4096;

export class Missed {
  readonly #executions = new Map<string, NotificationParams<'exec.missed'>>();
  readonly #sessions = new Map<string, NotificationParams<'session.changed'>>();
  readonly #libraries = new Map<string, NotificationParams<'lib.changed'>>();

  get size(): number {
    return this.#executions.size + this.#sessions.size + this.#libraries.size;
  }

  /** Whether this must wait for the notice of an earlier one, even if there is room again. */
  holds([name, params]: Notification): boolean {
    switch (name) {
      case 'exec.event':
      case 'exec.missed':
        return this.#executions.has(params.executionId);
      case 'session.changed':
        return this.#sessions.has(params.session.id);
      case 'lib.changed':
        return this.#libraries.has(params.library.id);
      case '$/progress':
        return false;
    }
  }

  /** Remembers what was not sent. */
  add([name, params]: Notification): void {
    switch (name) {
      case 'exec.event': {
        const { executionId, sessionId, event } = params;
        if (!this.#executions.has(executionId)) {
          this.#executions.set(executionId, { executionId, sessionId, firstSeq: event.seq });
        }
        return;
      }
      case 'exec.missed':
        if (!this.#executions.has(params.executionId)) this.#executions.set(params.executionId, params);
        return;
      case 'session.changed':
        this.#sessions.set(params.session.id, params);
        return;
      case 'lib.changed':
        this.#libraries.set(params.library.id, params);
        return;
      case '$/progress':
        return;
    }
  }

  /** What to send now that there is room; nothing is remembered any more. */
  take(): Notification[] {
    const notices: Notification[] = [];
    for (const params of this.#executions.values()) notices.push(['exec.missed', params]);
    for (const params of this.#sessions.values()) notices.push(['session.changed', params]);
    for (const params of this.#libraries.values()) notices.push(['lib.changed', params]);
    this.#executions.clear();
    this.#sessions.clear();
    this.#libraries.clear();
    return notices;
  }
}
