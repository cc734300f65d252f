// The start of a session: its libraries loaded and its startup files run, or a copy of where they led before.
import type { Execution } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LibraryLoader } from './library-loader.js';
import type { LiveSession } from './live-session.js';
import type { Residents } from './residents.js';
import { fileSpec } from './run-spec.js';
import type { RunSpec } from './runner.js';
import type { WarmStarts } from './warm-starts.js';

export interface SessionStarterOptions {
  residents: Residents;
  warmStarts: WarmStarts;
  libraries: LibraryLoader;
  environment: Readonly<Record<string, string | undefined>>;
  closed: readonly string[];
  execute: (session: LiveSession, spec: RunSpec) => Promise<Execution>;
  planTimer: (session: LiveSession, inMs: number | undefined) => void;
}

export class SessionStarter {
  readonly #options: SessionStarterOptions;

  constructor(options: SessionStarterOptions) {
    this.#options = options;
  }

  /**
   * Wakes a session that has no state yet and starts it; needs the turn. `asleep` where it is a copy of libraries and
   * nothing else: like a fork it needs no worker before its first use. Rejects with STARTUP_FAILED for a file that
   * failed, as the library source does for a library that is missing or damaged, and with LIBRARY_UNAVAILABLE for one
   * that does not load; whatever was started is then of no use.
   */
  async start(session: LiveSession): Promise<'awake' | 'asleep'> {
    const { environment, closed, warmStarts, libraries, residents, execute, planTimer } = this.#options;
    const specs = session.policy.startup.map(({ path }) =>
      fileSpec(session, { kind: 'startup', path }, { environment, closed }),
    );
    const key = warmStarts.key(session, specs);
    const adopted = session.worker === undefined && warmStarts.adopt(session, key);
    if (adopted && specs.length === 0) return 'asleep';
    const codes = adopted ? [] : await libraries.read(session.policy.libraries);
    const { nextTimerMs } = await residents.wake(session);
    planTimer(session, nextTimerMs);
    if (adopted) return 'awake';
    const loaded = await libraries.load(session, codes);
    if (loaded.nextTimerMs !== undefined) planTimer(session, loaded.nextTimerMs);
    const executions: Execution[] = [];
    for (const spec of specs) executions.push(requireOk(session, spec, await execute(session, spec)));
    await warmStarts.keep(session, key, executions);
    return 'awake';
  }
}

function requireOk(session: LiveSession, spec: RunSpec, execution: Execution): Execution {
  if (execution.status === 'ok') return execution;
  const { name, message } = execution.error ?? { name: 'Error', message: execution.status };
  const { path } = spec.input;
  throw new RuntimeError('STARTUP_FAILED', `startup file ${JSON.stringify(path)}: ${name}: ${message}`, {
    details: { sessionId: session.id, executionId: execution.id, path, error: execution.error },
  });
}
