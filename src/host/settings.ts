// Flags, environment, config file and defaults to the settings of one daemon, in that order of precedence.
import { resolve } from 'node:path';
import { checkedSocketPath, defaultSocketPath } from '../rpc/socket-path.js';
import type { ConfigFile } from './config.js';
import { StartError } from './errors.js';
import type { Flags } from './flags.js';
import { logFormats, logLevels, type LogFormat, type LogLevel } from './log-format.js';
import { defaultCacheDir, defaultStateDir, type Env } from './paths.js';
import { peerRules, type PeerRule } from './peers.js';

export interface Settings {
  socketPath: string;
  stateDir: string;
  cacheDir: string;
  logLevel: LogLevel;
  logFormat: LogFormat;
  maxLiveSessions: number;
  spareWorkers: number;
  maxConnections: number;
  maxMessageBytes: number;
  history: { maxAgeDays: number; maxExecutions: number };
  /** When the states of sessions are stored, beside hibernation and the end. */
  saving: { when: 'always' | 'idle' | 'exit'; afterIdleMs: number };
  /** Idle sessions leave memory after so long; 0 for never. */
  hibernateAfterMs: number;
  /** How far rollback to an execution reaches. */
  undo: { executions: number; bytes: number };
  /** How long clients may take to leave, and what runs to end, before it is cancelled. */
  shutdownGraceMs: number;
  /** With nobody connected and nothing to do for so long, the daemon leaves; 0 for never. */
  idleExitMs: number;
  /** Who may connect. */
  peers: PeerRule;
}

export const defaults = {
  logLevel: 'info',
  logFormat: 'auto',
  /** A live session costs about 12 MB in its worker: 32 are some 400 MB. */
  maxLiveSessions: 32,
  /** One worker started ahead makes a new session's first answer 40 ms sooner. */
  spareWorkers: 1,
  /** A connection costs a file descriptor, of which a process has 1024 by default. */
  maxConnections: 512,
  /** Room for any script a person writes; every connection may hold one such message. */
  maxMessageBytes: 8 * 1024 * 1024,
  /** Some 20 KB an execution at most times: a laptop's disk holds that many without notice. */
  history: { maxAgeDays: 30, maxExecutions: 20_000 },
  /** After a pause as people make them; docs/images.md says what each choice costs. */
  saving: { when: 'idle', afterIdleMs: 250 },
  /** Ten minutes: a worker's memory is given back soon after its user went to lunch. */
  hibernateAfterMs: 600_000,
  /** Twenty executions change some hundred KB of a small session; the bytes are the bound for large ones. */
  undo: { executions: 20, bytes: 64 * 1024 * 1024 },
  /** Shorter than the 30 seconds after which our unit has systemd kill; new clients wait so long at a restart. */
  shutdownGraceMs: 5000,
  /** Under systemd, where the next connection starts it again. Far above 2 s: it counts starts in that time. */
  idleExitMs: 600_000,
  peers: 'owner',
} as const satisfies Partial<Settings>;

/** The longest wait of a timer of Node, in whole seconds: some 24 days. */
export const longestIdleMs = 2_147_483_000;

/** Settles every setting. Paths of flags and variables are taken relative to `cwd`. */
export function settle(sources: {
  flags: Flags;
  env: Env;
  file: ConfigFile;
  uid: number;
  cwd: string;
  /** Whether systemd listens for it: who starts the daemon by hand wants it to stay. */
  isActivated: boolean;
}): Settings {
  const { flags, env, file, uid, cwd, isActivated } = sources;
  const given = (flag: string | undefined, variable: string): string | undefined =>
    flag ?? (env[variable] || undefined);
  const path = (flag: string | undefined, flagName: string, variable: string): string | undefined => {
    if (flag === '') throw new StartError('USAGE', `--${flagName} is empty: expected a path`);
    const text = given(flag, variable);
    return text === undefined ? undefined : resolve(cwd, text);
  };
  return {
    socketPath: fitting(
      path(flags.socket, 'socket', 'VMSYS_SOCKET') ?? file.socket ?? defaultSocketPath(env, uid),
    ),
    stateDir: path(flags.stateDir, 'state-dir', 'VMSYS_STATE_DIR') ?? file.stateDir ?? defaultStateDir(env),
    cacheDir: path(flags.cacheDir, 'cache-dir', 'VMSYS_CACHE_DIR') ?? file.cacheDir ?? defaultCacheDir(env),
    logLevel:
      oneOf(given(flags.logLevel, 'VMSYS_LOG_LEVEL'), logLevels, 'log level') ??
      file.logLevel ??
      defaults.logLevel,
    logFormat:
      oneOf(given(flags.logFormat, 'VMSYS_LOG_FORMAT'), logFormats, 'log format') ??
      file.logFormat ??
      defaults.logFormat,
    maxLiveSessions: file.maxLiveSessions ?? defaults.maxLiveSessions,
    spareWorkers: file.spareWorkers ?? defaults.spareWorkers,
    maxConnections: file.maxConnections ?? defaults.maxConnections,
    maxMessageBytes: file.maxMessageBytes ?? defaults.maxMessageBytes,
    history: {
      maxAgeDays: file.history?.maxAgeDays ?? defaults.history.maxAgeDays,
      maxExecutions: file.history?.maxExecutions ?? defaults.history.maxExecutions,
    },
    saving: {
      when: file.saving?.when ?? defaults.saving.when,
      afterIdleMs: file.saving?.afterIdleMs ?? defaults.saving.afterIdleMs,
    },
    hibernateAfterMs: file.hibernateAfterMs ?? defaults.hibernateAfterMs,
    undo: {
      executions: file.undo?.executions ?? defaults.undo.executions,
      bytes: file.undo?.bytes ?? defaults.undo.bytes,
    },
    shutdownGraceMs: file.shutdownGraceMs ?? defaults.shutdownGraceMs,
    idleExitMs: idleExitMs(flags.idleExit) ?? file.idleExitMs ?? (isActivated ? defaults.idleExitMs : 0),
    peers: oneOf(flags.peers, peerRules, '--peers') ?? file.peers ?? defaults.peers,
  };
}

/** Seconds, as people count them, to milliseconds. */
function idleExitMs(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const ms = Math.round(Number(seconds) * 1000);
  if (/^\d+(\.\d+)?$/.test(seconds) && ms <= longestIdleMs) return ms;
  throw new StartError(
    'USAGE',
    `--idle-exit ${seconds}: expected seconds, at most ${longestIdleMs / 1000}, or 0 for never`,
  );
}

function oneOf<Word extends string>(
  text: string | undefined,
  words: readonly Word[],
  what: string,
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined)
    throw new StartError('USAGE', `${what} "${text}": expected one of ${words.join(', ')}`);
  return word;
}

/** A path that the kernel can hold, or StartError. */
function fitting(socketPath: string): string {
  try {
    return checkedSocketPath(socketPath);
  } catch (error) {
    throw new StartError('USAGE', error instanceof Error ? error.message : String(error), { cause: error });
  }
}
