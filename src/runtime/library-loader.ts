// Pinned libraries into the engine of a session that starts: read through the source, which checks their integrity,
// and evaluated in the session's worker, under its limits and an eye on the clock.
import type { Limits, PinnedLibrary, StaleLibrary } from '../records/index.js';
import type { LibraryCode } from './engine/module-host.js';
import { RuntimeError } from './errors.js';
import { staleLibraries } from './library-pins.js';
import type { LiveSession } from './live-session.js';
import type { LibrarySource } from './types.js';
import { Watch } from './watch.js';
import { WorkerEnded, type WorkerThread } from './workers/worker-thread.js';

export class LibraryLoader {
  readonly #source: LibrarySource;

  constructor(source: LibrarySource) {
    this.#source = source;
  }

  /** The code of what is pinned. Rejects as the source does where one is missing or damaged. */
  read(pins: readonly PinnedLibrary[]): Promise<LibraryCode[]> {
    return Promise.all(
      pins.map(async (pin) => {
        // First: of what was pinned and is gone this says so.
        const code = await this.#source.read(pin);
        const { id, name, global, format } = this.#source.get(pin.id);
        return { id, name, format, code, ...(global === undefined ? {} : { global }) };
      }),
    );
  }

  /**
   * Loads them into a session that was woken fresh; needs the turn. Answers when its first timer is due. Rejects with
   * LIBRARY_UNAVAILABLE for one that does not load: the session is of no use then.
   */
  async load(session: LiveSession, libraries: LibraryCode[]): Promise<{ nextTimerMs?: number | undefined }> {
    if (libraries.length === 0) return {};
    const { worker, policy } = session;
    if (worker === undefined) throw new Error(`session ${session.id} has no worker`);
    const watch = new Watch(worker, policy.limits);
    session.stopLoading = () => watch.cancel();
    try {
      const loading = loadInto(worker, libraries, policy.limits, watch);
      if (session.ending) watch.cancel();
      const { nextTimerMs } = await loading;
      session.dirty = true;
      return { nextTimerMs };
    } catch (cause) {
      if (!session.ending) throw cause;
      const message = `session ${session.id} was ended while its libraries were loaded`;
      throw new RuntimeError('REQUEST_CANCELLED', message, { cause });
    } finally {
      session.stopLoading = undefined;
    }
  }

  /** Those that the source no longer has as they were loaded. */
  stale(pins: readonly PinnedLibrary[]): StaleLibrary[] {
    return staleLibraries(pins, this.#source);
  }
}

/** Loads libraries into the engine that a worker holds. Rejects with LIBRARY_UNAVAILABLE. */
export async function loadInto(
  worker: WorkerThread,
  libraries: LibraryCode[],
  limits: Limits,
  watch: Watch = new Watch(worker, limits),
): Promise<{ nextTimerMs?: number | undefined }> {
  const answer = await watched(watch, limits, libraries, () =>
    worker.request({ type: 'load', libraries, limits }),
  );
  if (answer.type === 'unloadable') throw doesNotLoad(answer.id, answer.message);
  return { nextTimerMs: answer.nextTimerMs };
}

/** The names that can be imported from a library, tried in an engine of its own. Rejects with LIBRARY_UNAVAILABLE. */
export async function checkIn(worker: WorkerThread, library: LibraryCode, limits: Limits): Promise<string[]> {
  const watch = new Watch(worker, limits);
  const answer = await watched(watch, limits, [library], () =>
    worker.request({ type: 'check', library, limits }),
  );
  if (answer.type === 'unloadable') throw doesNotLoad(answer.id, answer.message);
  return answer.exports;
}

/** Waits for the worker, and says which of its limits ended it where it was ended. */
async function watched<Answer>(
  watch: Watch,
  limits: Limits,
  libraries: readonly LibraryCode[],
  request: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof WorkerEnded)) throw error;
    const { killedFor } = watch;
    const ids = libraries.map(({ id }) => id).join(', ');
    if (killedFor === 'wallMs' || killedFor === 'cpuMs')
      throw doesNotLoad(ids, `not loaded within ${killedFor} ${limits[killedFor]}`, error);
    throw doesNotLoad(ids, `the engine's thread ended while it was loaded`, error);
  } finally {
    watch.end();
  }
}

function doesNotLoad(id: string, message: string, cause?: unknown): RuntimeError {
  return new RuntimeError('LIBRARY_UNAVAILABLE', `library ${id} does not load: ${message}`, {
    details: { library: id },
    cause,
  });
}
