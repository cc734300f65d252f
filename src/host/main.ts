// The process `vmsysd`: argv in, exit status out. Status 0: stopped in good order; 1: could not start, or failed;
// 2: a flag, variable or config file is wrong; 128 + n: ended by a second signal.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { takeActivation, type Activation } from './activation.js';
import type { Daemon } from './serving.js';
import { StartError } from './errors.js';
import { parseFlags, usage, type Flags } from './flags.js';
import { findLogTarget, type LogTarget } from './log-target.js';
import { createLog, type Log } from './log.js';
import type { Settings } from './settings.js';
import { onSignals } from './signals.js';

/** The log may be read by a program that is slow, or gone: it is waited for this long at the end. */
const flushMs = 1000;
/** A daemon that failed in an unforeseen way may save what it can within this time. */
const lastResortMs = 2000;

/** Runs the daemon until it is told to stop; ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // A log that nobody reads any more is no reason to stop serving.
  process.stderr.on('error', () => {});
  // Whatever this process makes is for its owner alone.
  process.umask(0o077);
  const logTarget = findLogTarget(process.stderr.fd, process.env['JOURNAL_STREAM']);
  let flags: Flags;
  try {
    flags = parseFlags(argv);
  } catch (error) {
    return fail(error, logTarget);
  }
  if (flags.help) return void process.stdout.write(usage);
  if (flags.version) return void process.stdout.write(`vmsysd ${readVersion()}\n`);
  await run(flags, logTarget);
}

async function run(flags: Flags, logTarget: LogTarget): Promise<void> {
  const { env } = process;
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const cwd = process.cwd();
  let activation: Activation | undefined;
  let log: Log;
  let reread: () => Settings;
  let settings: Settings;
  let configPath: string;
  try {
    activation = takeActivation(env, process.pid);
    const [{ readConfig }, { settle }, { defaultConfigPath }] = await Promise.all([
      import('./config.js'),
      import('./settings.js'),
      import('./paths.js'),
    ]);
    const isActivated = activation.descriptor !== undefined;
    configPath = resolve(cwd, flags.config ?? defaultConfigPath(env));
    reread = () => {
      const file = readConfig(configPath, {
        required: flags.config !== undefined,
        env,
      });
      return settle({ flags, env, file, uid, cwd, isActivated });
    };
    settings = reread();
    log = createLog({
      stream: process.stderr,
      level: settings.logLevel,
      format: settings.logFormat,
      isJournal: logTarget.kind === 'journal',
    });
  } catch (error) {
    fail(error, logTarget);
    return refuseInherited(activation?.descriptor, error);
  }

  const exit = async (status: number): Promise<never> => {
    await log.flush(flushMs);
    process.exit(status);
  };
  const { startDaemon } = await import('./daemon.js');
  const starting = startDaemon({
    settings,
    configPath,
    log,
    logTarget,
    version: readVersion(),
    uid,
    gid,
    env,
    activation,
    reread,
  });
  onSignals({
    // A daemon that is still starting is stopped when it has started; a failure is dealt with below.
    stop: (signal) => void starting.then((daemon) => daemon.close(signal)).catch(() => {}),
    exit: (status) => {
      log.warn('a second signal: ending at once');
      process.exit(status);
    },
    reload: process.stderr.isTTY
      ? undefined
      : () => void starting.then((daemon) => reload(daemon, log)).catch(() => {}),
  });
  let failed = false;
  const crash = (error: unknown): void => {
    log.error('an unforeseen fault: the daemon ends', { error });
    if (failed) return;
    failed = true;
    setTimeout(() => process.exit(1), lastResortMs);
    void starting
      .then((daemon) => daemon.close('unforeseen fault', 0)) // nothing is waited for: the time is for saving
      .catch(() => {})
      .then(() => exit(1));
  };
  process.on('uncaughtException', crash); // unhandled rejections come here as well

  try {
    const daemon = await starting;
    process.on('exit', () => daemon.abandon());
    await daemon.closed;
    if (!failed) await exit(0);
  } catch (error) {
    if (error instanceof StartError) log.error(error.message);
    else log.error('the daemon failed', { error });
    await exit(error instanceof StartError ? error.exitStatus : 1);
  }
}

/** Clients of a socket that systemd listens on are told what is wrong with the settings. */
async function refuseInherited(descriptor: number | undefined, reason: unknown): Promise<void> {
  if (descriptor === undefined || !(reason instanceof StartError)) return;
  const [{ inheritSocket }, { refuseClients }] = await Promise.all([
    import('./inherited.js'),
    import('./failed-start.js'),
  ]);
  await refuseClients(inheritSocket(descriptor, { onError: () => {} }), reason);
}

/** Nobody waits for the outcome of a signal but the log. */
function reload(daemon: Daemon, log: Log): void {
  try {
    daemon.reload();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    log.error(`the settings stay as they are: ${error.message}`);
  }
}

/** A fault from before there is a log. Each of its lines is an error to the journal as well: sd-daemon(3). */
function fail(error: unknown, { kind }: LogTarget): void {
  if (!(error instanceof StartError)) throw error;
  const lines = `vmsysd: ${error.message}`.split('\n');
  const prefix = kind === 'journal' ? '<3>' : '';
  process.stderr.write(lines.map((line) => `${prefix}${line}\n`).join(''));
  process.exitCode = error.exitStatus;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const json: unknown = JSON.parse(text);
  const version = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
