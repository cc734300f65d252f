// Puts the runtime together: the store, the base that every session starts from, the workers and the services.
import { resolve } from 'node:path';
import { defaultLimits } from '../records/index.js';
import { loadBase } from './base-loader.js';
import { engineIdentity, loadEngineBinary } from './engine/binary.js';
import { ExecutionService } from './execution-service.js';
import { LibraryLoader } from './library-loader.js';
import { noLibraries } from './library-pins.js';
import { LibraryService } from './library-service.js';
import { References } from './references.js';
import { Residents } from './residents.js';
import { Runner } from './runner.js';
import { SessionKeeper } from './session-keeper.js';
import { SessionService } from './session-service.js';
import { StateService } from './state-service.js';
import { Store } from './store/store.js';
import { SuggestionService } from './suggestions/suggestion-service.js';
import { TemplateDocumentService } from './template-documents.js';
import { TemplateService } from './template-service.js';
import type { LogEntry, Runtime, RuntimeEvent, RuntimeOptions, Summary } from './types.js';
import { WarmStarts } from './warm-starts.js';
import { WorkerPool } from './workers/pool.js';

const defaults = {
  maxLiveSessions: 32,
  spareWorkers: 1,
  hibernateAfterMs: 600_000,
  saving: { when: 'idle', afterIdleMs: 250 },
  undo: { executions: 20, bytes: 64 * 1024 * 1024 },
  maxAgeDays: 30,
  maxExecutions: 20_000,
  graceMs: 5000,
} as const;
const dayMs = 86_400_000;
/** Old executions are looked for this often. */
const pruneEveryMs = 10 * 60_000;

/**
 * Opens a runtime on a database, which it needs for itself: two runtimes on one database corrupt each other's view.
 * Throws DatabaseError for a database it cannot use. Whoever opens it closes it.
 */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const store = new Store(options.database);
  try {
    return await compose(store, options);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function compose(store: Store, options: RuntimeOptions): Promise<Runtime> {
  store.recover(new Date().toISOString());
  const log = options.log ?? (() => {});
  const { maxLiveSessions: max = defaults.maxLiveSessions, environment = process.env } = options;
  // Later in this turn: the pool starts its first thread before.
  const loading = Promise.resolve().then(() => loadBase(store.bases));
  const pool = new WorkerPool({
    setup: loading.then(({ base, sources }) => ({
      module: loadEngineBinary().module,
      base,
      sources,
      usualMemoryMb: defaultLimits.memMb,
    })),
    spare: Math.min(max, options.spareWorkers ?? defaults.spareWorkers),
    onStartFailed: (error) => log({ level: 'error', message: 'starting a worker failed', error }),
    onFault: (error) => log({ level: 'error', message: 'a host module failed', error }),
  });
  const { base } = await loading;
  const listeners = new Set<(event: RuntimeEvent) => void>();
  const notify = (event: RuntimeEvent) => {
    for (const listener of listeners) listener(event);
  };
  const references = new References(store, base);
  const undo = { ...defaults.undo, ...options.undo };
  const closedPaths = [...databaseFiles(options.database), ...(options.closedPaths ?? [])];
  const residents = new Residents({
    store,
    pool,
    base,
    references,
    maxLive: max,
    undo,
    closed: closedPaths,
  });
  const runner = new Runner({ store, notify, log });
  const warmStarts = new WarmStarts(store, base, references);
  const source = options.libraries ?? noLibraries;
  const loader = new LibraryLoader(source);
  const saving = { ...defaults.saving, ...options.saving };
  const keeper = new SessionKeeper({
    store,
    residents,
    runner,
    warmStarts,
    libraries: loader,
    saving,
    environment,
    closed: closedPaths,
    notify,
    log,
  });
  const sessions = new SessionService({ store, residents, keeper, notify });
  const templates = new TemplateService(store, source, (session) => sessions.delete(session));
  const documents = new TemplateDocumentService(templates, source);
  const suggestions = new SuggestionService({ store, residents, keeper, closed: closedPaths });
  const executions = new ExecutionService({ store, residents, keeper, environment, closed: closedPaths });
  const states = new StateService({ store, residents, keeper, base, references });
  const libraries = new LibraryService({
    store,
    pool,
    loader,
    warmStarts,
    templates,
    residents,
    keeper,
    closed: closedPaths,
    notify,
    log,
  });
  for (const { session, dueAt } of store.states.due(store.presence.absentMs))
    keeper.planTimerOf(session, dueAt);
  let hibernation = startHibernation(keeper, options.hibernateAfterMs ?? defaults.hibernateAfterMs);
  let pruning = startPruning(store, options.history, log);
  let closed: Promise<void> | undefined;

  const close = async (graceMs: number): Promise<void> => {
    clearInterval(pruning);
    clearInterval(hibernation);
    const librariesClosed = libraries.close();
    await keeper.closeAll(graceMs);
    await librariesClosed;
    await pool.close();
    store.presence.seen(Date.now());
    store.close();
  };

  return {
    engine: engineIdentity,
    templates,
    documents,
    suggestions,
    sessions,
    states,
    executions,
    libraries,
    summary: () => summarize(store, residents, pool, max),
    pending: () => ({ executions: residents.busyCount, nextTimerAt: keeper.nextTimerAt }),
    configure: ({ history, hibernateAfterMs }) => {
      if (closed !== undefined) return;
      if (hibernateAfterMs !== undefined) {
        clearInterval(hibernation);
        hibernation = startHibernation(keeper, hibernateAfterMs);
      }
      if (history !== undefined) {
        clearInterval(pruning);
        pruning = startPruning(store, history, log);
      }
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: ({ graceMs = defaults.graceMs } = {}) => (closed ??= close(graceMs)),
  };
}

/** What SQLite makes beside a database: opening one of these by other means would drop its locks. */
const databaseFiles = (path: string): string[] =>
  path === ':memory:' ? [] : ['', '-wal', '-shm', '-journal'].map((ending) => resolve(path) + ending);

function summarize(store: Store, residents: Residents, pool: WorkerPool, max: number): Summary {
  residents.flush();
  const counts = store.sessions.counts();
  const live = residents.all.filter(({ record }) => record.status === 'ready');
  return {
    sessions: {
      ready: counts.ready,
      live: live.length,
      hibernated: counts.ready - live.length,
      crashed: counts.crashed,
      closed: counts.closed,
    },
    liveSessionIds: live.map(({ id }) => id),
    executions: { running: residents.busyCount, total: store.executions.total() },
    workers: { busy: residents.busyCount, idle: pool.idleCount + live.length - residents.busyCount, max },
  };
}

function startHibernation(keeper: SessionKeeper, afterMs: number): NodeJS.Timeout | undefined {
  if (afterMs === 0) return undefined;
  return setInterval(() => void keeper.hibernateIdle(afterMs), Math.max(1000, afterMs / 10)).unref();
}

function startPruning(
  store: Store,
  history: RuntimeOptions['history'] = {},
  log: (entry: LogEntry) => void,
): NodeJS.Timeout {
  const { maxAgeDays = defaults.maxAgeDays, maxExecutions = defaults.maxExecutions } = history;
  const prune = () => {
    try {
      const pruned = store.executions.prune(
        new Date(Date.now() - maxAgeDays * dayMs).toISOString(),
        maxExecutions,
      );
      if (pruned > 0) log({ level: 'info', message: `pruned ${pruned} old executions` });
    } catch (error) {
      log({ level: 'error', message: 'pruning old executions failed', error });
    }
  };
  prune();
  return setInterval(prune, pruneEveryMs).unref();
}
