// Ends this process when the daemon is gone or too much memory is taken: a query that computes notices neither, and
// this build of SQLite does not count its memory, so no limit of its own holds.
import { Worker } from 'node:worker_threads';

/** JavaScript's share, SQLite's caches, and what one query may sort and gather. */
const greatestBytes = 512 * 1024 * 1024;
/** A query that only gathers takes some 100 MiB in this time. */
const lookEveryMs = 100;

const code = `
const { workerData: { parent, greatestBytes, lookEveryMs } } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== parent || process.memoryUsage.rss() > greatestBytes) process.kill(process.pid, 'SIGKILL');
}, lookEveryMs);
`;

/** Watches from a thread of its own; `parent` is the daemon's process id. */
export function watchOver(parent: number): void {
  const workerData = { parent, greatestBytes, lookEveryMs };
  const watch = new Worker(code, { eval: true, workerData, env: {}, execArgv: [] });
  // Without it queries are not answered: who asked is told that the process ended.
  watch.on('error', () => process.exit(1));
  watch.unref();
}
