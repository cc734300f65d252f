// Where the socket unit is installed, the daemon is systemd's to start; and to start again, where it gave up.
import { execFile } from 'node:child_process';
import { runtimeFolder } from '../rpc/socket-path.js';
import type { Environment } from './context.js';

/** A user manager that does not answer within this is as good as none. */
const answerMs = 3000;
const units = ['vmsysd.socket', 'vmsysd.service'];

export type SystemdStart =
  /** systemd does not know the unit, or there is none to ask. */
  | { kind: 'absent' }
  /** `hadFailed`: it had given up on the unit, and was told to forget that. */
  | { kind: 'started'; hadFailed: boolean }
  | { kind: 'failed'; message: string };

/**
 * Starts `vmsysd.socket` where the user's systemd knows it. Past its start limit systemd removes the socket and starts
 * nothing any more until it is told to: that is done here, once.
 */
export async function startBySystemd(env: Environment, signal: AbortSignal): Promise<SystemdStart> {
  const runtimeDir = runtimeFolder(env, process.getuid?.() ?? 0);
  if (runtimeDir === undefined) return { kind: 'absent' };
  const ask = (...args: string[]) => systemctl(args, { ...env, XDG_RUNTIME_DIR: runtimeDir }, signal);
  if ((await ask('cat', 'vmsysd.socket')).failed) return { kind: 'absent' };
  const hadFailed = !(await ask('is-failed', '--quiet', ...units)).failed;
  if (hadFailed) await ask('reset-failed', ...units);
  const start = await ask('start', 'vmsysd.socket');
  if (!start.failed) return { kind: 'started', hadFailed };
  return {
    kind: 'failed',
    message: [
      `systemd could not start vmsysd.socket${start.reason === '' ? '' : `: ${start.reason}`}`,
      '  see why:  journalctl --user -u vmsysd.socket -u vmsysd.service -n 20',
      `  again:    systemctl --user reset-failed ${units.join(' ')}`,
      '            systemctl --user start vmsysd.socket',
    ].join('\n'),
  };
}

/** A cold start takes a quarter of a second; a busy machine is allowed for. */
const patienceMs = 3000;

/**
 * Calls `tell` once where systemd still starts the service after some seconds: a call waits for as long as it is tried,
 * and nobody would know for what. Answers how to stop.
 */
export function watchStart(env: Environment, tell: () => void): () => void {
  const stopped = new AbortController();
  const runtimeDir = runtimeFolder(env, process.getuid?.() ?? 0);
  const look = async (): Promise<void> => {
    const asked = { ...env, XDG_RUNTIME_DIR: runtimeDir };
    const { output } = await systemctl(['is-active', 'vmsysd.service'], asked, stopped.signal);
    if (output === 'activating' && !stopped.signal.aborted) tell();
  };
  const timer = setTimeout(() => void look(), patienceMs).unref();
  return () => {
    clearTimeout(timer);
    stopped.abort();
  };
}

/** Asks `systemctl --user …`; it fails as well where there is no systemctl. */
function systemctl(
  args: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<{ failed: boolean; reason: string; output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, signal, timeout: answerMs };
    execFile('systemctl', ['--user', '--no-pager', ...args], options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, reason: stderr.trim(), output: stdout.trim() }),
    );
  });
}
