// No daemon to a daemon that answers: it is started detached, its output goes to a log, and we wait until it listens.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, lstatSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Client } from '../rpc/client.js';
import { managerVariables } from '../rpc/manager-variables.js';
import type { Environment } from './context.js';
import { isAbsence, NoDaemon } from './fault.js';
import { openOwnFile, stateFolder } from './state-folder.js';

/** From start to the first answer at most so long; half a second is usual. */
const startMs = 10_000;
/** A daemon that exits may have found another one, started at the same moment, which listens shortly. */
const rivalMs = 1500;
/** Pauses between attempts to connect: short at first, for a daemon starts in a fraction of a second. */
const firstPauseMs = 15;
const longestPauseMs = 150;
/** Past this size the log is moved aside (to `.1`) before the next daemon writes to it. */
const maxLogBytes = 4 * 1024 * 1024;
const shownLogLines = 10;

export interface StartOptions {
  socketPath: string;
  /** The daemon's program, a file that Node runs. */
  program: string;
  env: Environment;
  signal: AbortSignal;
}

/** Starts the daemon and connects to it; rejects with NoDaemon and the end of its log where that fails. */
export async function startDaemon({ socketPath, program, env, signal }: StartOptions): Promise<Client> {
  const logPath = join(stateFolder(env), 'vmsysd.log');
  const log = openLog(logPath);
  try {
    const child = spawn(process.execPath, [program, '--socket', socketPath], {
      detached: true,
      // It outlives this folder and this terminal.
      cwd: '/',
      env: withoutManager(env),
      stdio: ['ignore', log.descriptor, log.descriptor],
    });
    child.unref();
    return await waitUntilItAnswers(child, socketPath, signal, (reason) =>
      [
        `${reason}; its log ${logPath} ends:`,
        ...log.tail().map((line) => `  ${line}`),
        `  run "vmsysd --socket ${socketPath}" to see more`,
      ].join('\n'),
    );
  } finally {
    closeSync(log.descriptor);
  }
}

/** A timer's job may run this: what systemd said to the job is not meant for a daemon that outlives it. */
function withoutManager(env: Environment): Record<string, string | undefined> {
  const names = new Set<string>(managerVariables);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

async function waitUntilItAnswers(
  child: ChildProcess,
  socketPath: string,
  signal: AbortSignal,
  report: (reason: string) => string,
): Promise<Client> {
  let end: string | undefined;
  let deadline = Date.now() + startMs;
  const ended = (how: string) => {
    end ??= how;
    deadline = Math.min(deadline, Date.now() + rivalMs);
  };
  child.once('error', (error) => ended(`could not be started (${error.message})`));
  child.once('exit', (code, by) => ended(`ended at once (${by === null ? `status ${code}` : by})`));
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    try {
      return await connect(socketPath, { signal });
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    if (Date.now() > deadline) break;
    await sleep(pause, undefined, { signal });
  }
  throw new NoDaemon(
    report(
      `no daemon answers at ${socketPath}; the one started here ${end ?? `is silent after ${startMs / 1000} s`}`,
    ),
  );
}

/** Opens the log to append; `tail` gives the last lines that were written since. */
function openLog(path: string): { descriptor: number; tail: () => string[] } {
  if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(path, `${path}.1`);
  const descriptor = openOwnFile(path);
  const start = fstatSync(descriptor).size;
  const tail = (): string[] => {
    const length = Math.min(fstatSync(descriptor).size - start, 16_384);
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, fstatSync(descriptor).size - length);
    return bytes.toString('utf8').trimEnd().split('\n').slice(-shownLogLines);
  };
  return { descriptor, tail };
}
