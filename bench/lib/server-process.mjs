// A server as a process of its own: the built daemon or the floor, started in a folder, connected to, ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectLines } from './line-client.mjs';

const daemonProgram = fileURLToPath(new URL('../../bin/vmsysd.js', import.meta.url));
const floorProgram = fileURLToPath(new URL('./floor-server.mjs', import.meta.url));
/** A server that has not answered by then is not slow but broken. */
const startMs = 20_000;

/** @typedef {{ pid: number, socketPath: string, hasExited: () => boolean, stop: () => Promise<void> }} ServerProcess */

/** A folder for one benchmark's sockets and databases; its path is short, for sockets. */
export function tempFolder() {
  const path = mkdtempSync(join(tmpdir(), 'vb-'));
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/**
 * Starts the daemon with everything of its in `folder`: the state of an earlier one, where there was one.
 * @param {string} folder
 * @returns {ServerProcess}
 */
export function startDaemon(folder) {
  mkdirSync(join(folder, 'run'), { recursive: true, mode: 0o700 });
  const socketPath = join(folder, 'run', 'd.sock');
  const places = [
    '--socket',
    socketPath,
    '--state-dir',
    join(folder, 'state'),
    '--cache-dir',
    join(folder, 'cache'),
  ];
  return start([daemonProgram, ...places, '--log-level', 'warn'], socketPath);
}

/**
 * Starts the floor. `bare`: it echoes, without a worker and a database.
 * @param {string} folder
 * @param {{ bare?: boolean }} [options]
 * @returns {ServerProcess}
 */
export function startFloor(folder, { bare = false } = {}) {
  const socketPath = join(folder, 'f.sock');
  rmSync(socketPath, { force: true });
  return start([floorProgram, socketPath, ...(bare ? [] : [join(folder, 'floor.db')])], socketPath);
}

/**
 * @param {string[]} args
 * @param {string} socketPath
 * @returns {ServerProcess}
 */
function start(args, socketPath) {
  // No variable of the caller's: NODE_EXTRA_CA_CERTS alone makes every start 50 ms longer.
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    pid: child.pid ?? 0,
    socketPath,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', kill);
    },
  };
}

/**
 * Connects as soon as the server listens.
 * @param {ServerProcess} server
 */
export async function connectWhenUp({ socketPath, hasExited }) {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      return await connectLines(socketPath);
    } catch (error) {
      if (hasExited() || performance.now() > deadline) throw error;
      await sleep(1);
    }
  }
}
