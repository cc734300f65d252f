// Settings to a running daemon: folders, claims, runtime, RPC server and socket, opened in this order and closed in
// the reverse one. The only place where the leaves meet, with serving.ts.
import { dirname } from 'node:path';
import { DatabaseError, openRuntime } from '../runtime/index.js';
import type { Runtime } from '../runtime/types.js';
import { StartError } from './errors.js';
import { refuseClients } from './failed-start.js';
import { ensurePrivateFolder } from './folders.js';
import type { DaemonInfo } from './handlers/context.js';
import { inheritSocket, refuseAll } from './inherited.js';
import { openLibraries, type Libraries } from './libraries.js';
import { loadNative } from './native.js';
import { createNotifier } from './notifier.js';
import { outwaitOwner, takeOwnership, type Ownership, socketFiles } from './ownership.js';
import { databasePath } from './paths.js';
import { serve, type Beginnings, type Daemon, type DaemonOptions } from './serving.js';

/**
 * Opening the database may migrate it, which takes seconds for each gigabyte and blocks this thread: systemd is asked
 * to wait before.
 */
const openingMs = 300_000;
/**
 * How long a daemon that systemd started waits for another one to leave the database, and refuses clients meanwhile.
 * A start that fails sooner would be repeated until systemd's limits are reached and the socket is gone.
 */
const rivalMs = 10_000;

/** Opens everything and answers on the socket when it is ready. Throws StartError, and leaves nothing behind. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { log, activation } = options;
  const startedAt = new Date();
  for (const line of activation.ignored) log.warn(line);
  const native = await loadNative().catch((error: unknown) => {
    log.warn('systemd cannot be told, and other users are kept out by the socket’s permissions alone', {
      error,
    });
    return undefined;
  });
  const notifier = createNotifier({
    socket: activation.notifySocket,
    watchdogMs: activation.watchdogMs,
    native,
    log,
  });
  const onAcceptError = (error: Error): void => log.error('a connection could not be accepted', { error });
  const inherited =
    activation.descriptor === undefined
      ? undefined
      : inheritSocket(activation.descriptor, { native, onError: onAcceptError });
  try {
    return await open({ ...options, startedAt, native, notifier, inherited, onAcceptError });
  } catch (error) {
    if (inherited !== undefined && error instanceof StartError) {
      log.warn(`the start failed, and clients are refused for a while: ${error.message}`);
      await refuseClients(inherited, error);
    }
    throw error;
  }
}

async function open(beginnings: Beginnings): Promise<Daemon> {
  const { settings, configPath, log, logTarget, version, uid, env, startedAt, notifier, inherited } =
    beginnings;
  const { stateDir, cacheDir, shutdownGraceMs } = settings;
  const socketPath = inherited?.path ?? settings.socketPath;
  ensurePrivateFolder(stateDir, { what: 'the state folder', flag: '--state-dir', uid });
  ensurePrivateFolder(cacheDir, { what: 'the cache folder', flag: '--cache-dir', uid });
  const owning = {
    stateDir,
    socketPath,
    makesSocket: inherited === undefined,
    startedAt,
    patienceMs: shutdownGraceMs * 2,
  };
  let ownership: Ownership;
  if (inherited === undefined) {
    ensurePrivateFolder(dirname(socketPath), { what: 'the socket’s folder', flag: '--socket', uid });
    ownership = await takeOwnership(owning);
  } else {
    ownership = await outwaitOwner(owning, rivalMs, (reason) => {
      log.warn(`waiting, and refusing clients: ${reason.message}`);
      return inherited.serve(refuseAll(reason.message));
    });
  }
  const info: DaemonInfo = {
    version,
    pid: process.pid,
    startedAt,
    activation: inherited === undefined ? 'direct' : 'systemd',
    socketPath,
    databasePath: databasePath(stateDir),
    libraryPath: cacheDir,
    log: logTarget,
  };
  let libraries: Libraries | undefined;
  let runtime: Runtime | undefined;
  try {
    libraries = await openLibraries({ cacheDir, log });
    notifier.patience(openingMs);
    runtime = await openRuntime({
      database: info.databasePath,
      maxLiveSessions: settings.maxLiveSessions,
      spareWorkers: settings.spareWorkers,
      history: settings.history,
      saving: settings.saving,
      hibernateAfterMs: settings.hibernateAfterMs,
      undo: settings.undo,
      environment: env,
      libraries: libraries.cache,
      closedPaths: [stateDir, cacheDir, configPath, ...socketFiles(socketPath)],
      log: ({ level, message, ...fields }) => log[level](message, fields),
    });
    return await serve(runtime, { ...beginnings, libraries, info, ownership });
  } catch (error) {
    await runtime?.close({ graceMs: 0 });
    await libraries?.close();
    notifier.close();
    ownership.release();
    throw error instanceof DatabaseError
      ? new StartError('UNAVAILABLE', error.message, { cause: error })
      : error;
  }
}
