// Settings to a running daemon: folders, claims, runtime, RPC server and socket, opened in this order and closed in
// the reverse one. The only place where the leaves meet.
import { dirname } from 'node:path';
import { openLibraryCache } from '../libcache/index.js';
import type { LibraryCache } from '../libcache/types.js';
import { createRpcServer, type RpcServer } from '../rpc/server.js';
import { DatabaseError, openRuntime } from '../runtime/index.js';
import type { Runtime } from '../runtime/types.js';
import { createDelivery } from './delivery.js';
import { StartError } from './errors.js';
import { ensurePrivateFolder } from './folders.js';
import type { DaemonInfo } from './handlers/context.js';
import { createHandlers } from './handlers/index.js';
import { listen, type Listener } from './listen.js';
import type { Log } from './log.js';
import { mapError } from './map-error.js';
import { createRequestMetrics, metricsText } from './metrics.js';
import { takeOwnership, type Ownership } from './ownership.js';
import { databasePath, type Env } from './paths.js';
import { logRequests } from './request-log.js';
import type { Settings } from './settings.js';

export interface Daemon {
  /** Stops accepting, lets what runs end or cancels it after the grace, saves, and frees everything. Idempotent. */
  close(reason: string): Promise<void>;
  /** Resolves when it is closed, whoever asked for that; rejects if a part could not be closed. */
  readonly closed: Promise<void>;
  /** Takes the socket's name and the claims' records away, at once: for an exit that cannot wait. */
  abandon(): void;
}

export interface DaemonOptions {
  settings: Settings;
  log: Log;
  version: string;
  uid: number;
  env: Env;
}

/** Beyond the runtime's grace, so that what it cancelled at its end can still be answered. */
const replyMarginMs = 1000;

/** Opens everything and answers on the socket when it is ready. Throws StartError, and leaves nothing behind. */
export async function startDaemon({ settings, log, version, uid, env }: DaemonOptions): Promise<Daemon> {
  const { socketPath, stateDir, cacheDir, shutdownGraceMs } = settings;
  const startedAt = new Date();
  ensurePrivateFolder(stateDir, { what: 'the state folder', flag: '--state-dir', uid });
  ensurePrivateFolder(cacheDir, { what: 'the cache folder', flag: '--cache-dir', uid });
  ensurePrivateFolder(dirname(socketPath), { what: 'the socket’s folder', flag: '--socket', uid });
  const ownership = await takeOwnership({ stateDir, socketPath, startedAt, patienceMs: shutdownGraceMs * 2 });
  const info: DaemonInfo = {
    version,
    pid: process.pid,
    startedAt,
    activation: 'direct',
    socketPath,
    databasePath: databasePath(stateDir),
    libraryPath: cacheDir,
  };
  let libraries: LibraryCache | undefined;
  let runtime: Runtime | undefined;
  try {
    libraries = await openLibraryCache({
      folder: cacheDir,
      watch: true,
      log: ({ level, message, ...fields }) => log[level](message, fields),
    });
    runtime = await openRuntime({
      database: info.databasePath,
      maxLiveSessions: settings.maxLiveSessions,
      spareWorkers: settings.spareWorkers,
      history: settings.history,
      saving: settings.saving,
      hibernateAfterMs: settings.hibernateAfterMs,
      undo: settings.undo,
      environment: env,
      log: ({ level, message, ...fields }) => log[level](message, fields),
    });
    return await serve(runtime, { libraries, info, settings, log, ownership });
  } catch (error) {
    await runtime?.close({ graceMs: 0 });
    await libraries?.close();
    ownership.release();
    throw error instanceof DatabaseError
      ? new StartError('UNAVAILABLE', error.message, { cause: error })
      : error;
  }
}

interface Parts {
  libraries: LibraryCache;
  info: DaemonInfo;
  settings: Settings;
  log: Log;
  ownership: Ownership;
}

async function serve(
  runtime: Runtime,
  { libraries, info, settings, log, ownership }: Parts,
): Promise<Daemon> {
  const delivery = createDelivery();
  const requests = createRequestMetrics();
  const server: RpcServer = createRpcServer({
    handlers: createHandlers({
      runtime,
      libraries,
      delivery,
      log,
      info,
      metrics: () => ({
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: metricsText(requests, runtime.summary(), {
          version: info.version,
          startedAt: info.startedAt,
          connections: server.connectionCount,
          inFlight: server.inFlight,
          residentBytes: process.memoryUsage.rss(),
        }),
      }),
      shutdown: () => void close('system.shutdown'), // whoever awaits `closed` hears of a failure
    }),
    mapError,
    maxMessageBytes: settings.maxMessageBytes,
    maxConnections: settings.maxConnections,
    ...logRequests(log, requests),
  });
  const unlisteners = [
    runtime.listen(delivery.publish),
    libraries.listen((change) => delivery.publish({ kind: 'library_changed', ...change })),
  ];
  const unlisten = (): void => unlisteners.forEach((stop) => stop());
  let listener: Listener;
  try {
    listener = await listen(info.socketPath, (socket) => server.attach(socket));
  } catch (error) {
    unlisten();
    await server.close(0);
    throw error;
  }
  log.info('listening', {
    socket: info.socketPath,
    database: info.databasePath,
    pid: info.pid,
    version: info.version,
  });

  let settle: (outcome: Promise<void>) => void = () => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  closed.catch(() => {}); // heard by whoever awaits it
  let closing = false;
  const close = (reason: string): Promise<void> => {
    if (closing) return closed;
    closing = true;
    log.info('stopping', { reason, connections: server.connectionCount, inFlight: server.inFlight });
    settle(shutDown());
    return closed;
  };
  const shutDown = async (): Promise<void> => {
    const { shutdownGraceMs: graceMs } = settings;
    ownership.markStopping();
    listener.close();
    const parts = await Promise.allSettled([
      server.close(graceMs + replyMarginMs),
      runtime.close({ graceMs }).finally(() => libraries.close()),
    ]);
    unlisten();
    ownership.release();
    const faults = parts.flatMap((part): unknown[] => (part.status === 'rejected' ? [part.reason] : []));
    if (faults.length > 0) throw new AggregateError(faults, 'the daemon could not close all its parts');
    log.info('stopped');
  };
  return {
    close,
    closed,
    abandon: () => {
      listener.close();
      ownership.release();
    },
  };
}
