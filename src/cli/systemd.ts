// Where the socket unit is installed, the daemon is systemd's to start.
import { execFile } from 'node:child_process';
import type { Environment } from './context.js';

/** A user manager that does not answer within this is as good as none. */
const answerMs = 3000;

/** Starts `vmsysd.socket` where the user's systemd knows it; false where it does not, or cannot. */
export async function startBySystemd(env: Environment, signal: AbortSignal): Promise<boolean> {
  if (!env['XDG_RUNTIME_DIR']) return false;
  if (!(await systemctl(['cat', 'vmsysd.socket'], env, signal))) return false;
  return systemctl(['start', 'vmsysd.socket'], env, signal);
}

/** Whether `systemctl --user …` succeeded; false as well where there is no systemctl. */
function systemctl(args: readonly string[], env: Environment, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, signal, timeout: answerMs };
    execFile('systemctl', ['--user', '--no-pager', ...args], options, (error) => resolve(error === null));
  });
}
