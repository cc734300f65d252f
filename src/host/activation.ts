// What systemd put into the environment and the descriptors of this process to what the daemon was given: a socket
// that listens, whom to tell how it fares. It is taken out of the environment, so that no child believes it meant.
// sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)
import { managerVariables } from '../rpc/manager-variables.js';
import { StartError } from './errors.js';

export interface Activation {
  /** Descriptor of the listening socket; `undefined` where the daemon makes its own. */
  descriptor: number | undefined;
  /** Where `READY=1` and the like are sent. */
  notifySocket: string | undefined;
  /** Within so long after each other the main thread is to say that it lives. */
  watchdogMs: number | undefined;
  /** What was there, but is not for us: lines for the log. */
  ignored: string[];
}

/** The first that is passed; below are the standard ones. */
const firstDescriptor = 3;
/** `FileDescriptorName=` of our socket unit. */
const socketName = 'rpc';

/**
 * Reads what systemd says to the process `pid` and deletes it from `env`. Throws StartError `USAGE` where sockets were
 * passed of which none is clearly the daemon's.
 */
export function takeActivation(env: NodeJS.ProcessEnv, pid: number): Activation {
  const given = { ...env };
  for (const name of managerVariables) delete env[name];
  const ignored: string[] = [];
  const isForUs = (variable: string, what: string): boolean => {
    const addressee = given[variable];
    if (addressee === undefined || Number(addressee) === pid) return true;
    ignored.push(
      `${what} was ignored: ${variable} is ${addressee}, this process is ${pid}; let ExecStart= run node itself, without a shell around it`,
    );
    return false;
  };
  let hasSockets = given['LISTEN_FDS'] !== undefined;
  if (hasSockets && given['LISTEN_PID'] === undefined) {
    // WATCHDOG_PID may be missing, this may not: then nobody says that the descriptors are sockets, and ours.
    ignored.push(
      'the inherited socket was ignored: LISTEN_FDS is set, but no LISTEN_PID says for which process',
    );
    hasSockets = false;
  }
  const hasWatchdog = given['WATCHDOG_USEC'] !== undefined;
  return {
    descriptor: hasSockets && isForUs('LISTEN_PID', 'the inherited socket') ? chooseSocket(given) : undefined,
    notifySocket: given['NOTIFY_SOCKET'] || undefined,
    watchdogMs: hasWatchdog && isForUs('WATCHDOG_PID', 'the watchdog') ? watchdogMs(given) : undefined,
    ignored,
  };
}

function chooseSocket(env: NodeJS.ProcessEnv): number | undefined {
  const text = env['LISTEN_FDS'] ?? '';
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > 1024) {
    throw new StartError('USAGE', `LISTEN_FDS is "${text}": expected how many sockets systemd passes`);
  }
  if (count === 0) return undefined;
  const names = env['LISTEN_FDNAMES']?.split(':') ?? [];
  const found = names.flatMap((name, at) => (name === socketName && at < count ? [at] : []));
  const [first = 0, second] = found;
  if (second === undefined && (found.length === 1 || count === 1)) return firstDescriptor + first;
  throw new StartError(
    'USAGE',
    `systemd passed ${count} sockets, named ${names.join(', ') || 'nothing'}: expected one, or one of the name "${socketName}"; set FileDescriptorName=${socketName} in one socket unit`,
  );
}

function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const ms = Number(env['WATCHDOG_USEC']) / 1000;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
