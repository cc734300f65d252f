// Where the socket unit is installed, the daemon is systemd's to start.
import { execFile } from 'node:child_process';
import type { Environment } from './context.js';
import { NoDaemon } from './fault.js';

/** A user manager that does not answer within this is as good as none. */
const answerMs = 3000;

/**
 * Starts `vmsysd.socket` where the user's systemd knows it; false where it does not, or there is none. Rejects with
 * NoDaemon where the unit does not start: a daemon outside of the sandbox is not what its owner asked for.
 */
export async function startBySystemd(env: Environment, signal: AbortSignal): Promise<boolean> {
  if (!env['XDG_RUNTIME_DIR']) return false;
  if (!(await systemctl(['cat', 'vmsysd.socket'], env, signal))) return false;
  if (await systemctl(['start', 'vmsysd.socket'], env, signal)) return true;
  throw new NoDaemon(
    [
      'systemd does not start vmsysd.socket. After too many failed starts this brings it back:',
      '  systemctl --user reset-failed vmsysd.socket vmsysd.service',
      '  systemctl --user start vmsysd.socket',
      '"vmsys service doctor" looks for the reason',
    ].join('\n'),
  );
}

/** Whether `systemctl --user …` succeeded; false as well where there is no systemctl. */
function systemctl(args: readonly string[], env: Environment, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, signal, timeout: answerMs };
    execFile('systemctl', ['--user', '--no-pager', ...args], options, (error) => resolve(error === null));
  });
}
