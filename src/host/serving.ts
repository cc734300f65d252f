// A daemon that is open, from its first connection to its end: what the parts do for each other while it serves.
import type { Socket } from 'node:net';
import { createRpcServer, type RpcServer } from '../rpc/server.js';
import type { Runtime, Summary } from '../runtime/types.js';
import type { Activation } from './activation.js';
import { createDelivery } from './delivery.js';
import type { DaemonInfo } from './handlers/context.js';
import { createHandlers } from './handlers/index.js';
import { createIdleExit, type IdleExit } from './idle-exit.js';
import type { Inherited } from './inherited.js';
import type { Libraries } from './libraries.js';
import { listen, type Listener } from './listen.js';
import type { LogTarget } from './log-target.js';
import type { Log } from './log.js';
import { mapError } from './map-error.js';
import { createRequestMetrics, metricsText } from './metrics.js';
import type { Native } from './native.js';
import type { Notifier } from './notifier.js';
import type { Ownership } from './ownership.js';
import type { Env } from './paths.js';
import { createPeerGuard } from './peers.js';
import { mergeSettings, type Reloaded } from './reload.js';
import { logRequests } from './request-log.js';
import type { Settings } from './settings.js';
import { shutDown } from './shutdown.js';

export interface Daemon {
  /**
   * Stops accepting, lets clients leave and what runs end for at most `graceMs` (a setting by default), saves, and frees
   * everything. Idempotent.
   */
  close(reason: string, graceMs?: number): Promise<void>;
  /** Resolves when it is closed, whoever asked for that; rejects if a part could not be closed. */
  readonly closed: Promise<void>;
  /** Takes the socket's name and the claims' records away, at once: for an exit that cannot wait. */
  abandon(): void;
  /** Reads the settings anew, and takes up what can change meanwhile. Throws StartError and changes nothing. */
  reload(): Reloaded;
}

export interface DaemonOptions {
  settings: Settings;
  /** Where the config file is, or would be. */
  configPath: string;
  log: Log;
  logTarget: LogTarget;
  version: string;
  uid: number;
  gid: number;
  env: Env;
  activation: Activation;
  /** Reads flags, variables and the config file again. */
  reread: () => Settings;
}

export interface Beginnings extends DaemonOptions {
  startedAt: Date;
  native: Native | undefined;
  notifier: Notifier;
  inherited: Inherited | undefined;
  onAcceptError: (error: Error) => void;
}

export interface Parts extends Beginnings {
  libraries: Libraries;
  info: DaemonInfo;
  ownership: Ownership;
}

/** Serves on the socket until it is closed. */
export async function serve(runtime: Runtime, parts: Parts): Promise<Daemon> {
  const { libraries, info, log, native, notifier, inherited, ownership } = parts;
  let { settings } = parts;
  const delivery = createDelivery();
  const requests = createRequestMetrics();
  let idleExit: IdleExit | undefined;
  const server: RpcServer = createRpcServer({
    handlers: createHandlers({
      runtime,
      libraries: libraries.cache,
      delivery,
      log,
      info,
      idleExitMs: () => settings.idleExitMs,
      metrics: () => ({
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: metricsText(requests, runtime.summary(), {
          version: info.version,
          startedAt: info.startedAt,
          connections: server.connectionCount,
          inFlight: server.inFlight,
          residentBytes: process.memoryUsage.rss(),
          libraries: libraries.figures(),
        }),
      }),
      shutdown: () => void close('system.shutdown'), // whoever awaits `closed` hears of a failure
      reload: () => reload(),
    }),
    mapError,
    maxMessageBytes: settings.maxMessageBytes,
    maxConnections: settings.maxConnections,
    onIdleChange: () => idleExit?.check(),
    ...logRequests(log, requests),
  });
  const status = () => notifier.status(() => statusText(runtime.summary()));
  const unlisten = runtime.listen((event) => {
    delivery.publish(event);
    status();
  });
  libraries.attach(runtime, delivery);
  const isWelcome =
    native === undefined
      ? () => true
      : createPeerGuard({ rule: settings.peers, native, uid: parts.uid, gid: parts.gid, log });
  const accept = (socket: Socket): void => {
    if (isWelcome(socket)) server.attach(socket);
  };
  let listener: Listener;
  try {
    if (inherited === undefined) listener = await listen(info.socketPath, accept, parts.onAcceptError);
    else {
      await inherited.serve(accept);
      listener = inherited;
    }
  } catch (error) {
    unlisten();
    await server.close(0);
    throw error;
  }
  idleExit = createIdleExit({
    afterMs: settings.idleExitMs,
    isInUse: () => server.connectionCount > 0 || server.inFlight > 0,
    pending: () => runtime.pending(),
    leave: () => void close('idle'),
  });
  log.info('listening', {
    socket: info.socketPath,
    activation: info.activation,
    database: info.databasePath,
    pid: info.pid,
    version: info.version,
  });
  notifier.ready();
  status();

  let settle: (outcome: Promise<void>) => void = () => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  closed.catch(() => {}); // heard by whoever awaits it
  let closing = false;
  const end = async (graceMs: number): Promise<void> => {
    idleExit.close();
    await shutDown({ listener, server, runtime, libraries, ownership, notifier }, graceMs);
    unlisten();
    log.info('stopped');
  };
  const close = (reason: string, graceMs = settings.shutdownGraceMs): Promise<void> => {
    if (closing) return closed;
    closing = true;
    log.info('stopping', { reason, connections: server.connectionCount, inFlight: server.inFlight });
    settle(end(graceMs));
    return closed;
  };
  const reload = (): Reloaded => {
    notifier.reloading();
    try {
      const { settings: next, changes } = mergeSettings(settings, parts.reread());
      settings = next;
      log.setLevel(next.logLevel);
      runtime.configure(next);
      idleExit.setAfter(next.idleExitMs);
      log.info('settings read again', { applied: changes.applied, needRestart: changes.needRestart });
      return changes;
    } finally {
      notifier.ready();
    }
  };
  return {
    close,
    closed,
    reload,
    abandon: () => {
      listener.close();
      ownership.release();
    },
  };
}

const statusText = ({ sessions: { live, hibernated }, executions: { running } }: Summary): string =>
  `${live} sessions live, ${hibernated} asleep, ${running} executions running`;
