// Ends this process when the daemon is gone: a query that computes for hours would not notice.
import { Worker } from 'node:worker_threads';

const lookEveryMs = 500;

const code = `
const { workerData: parent } = require('node:worker_threads');
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), ${lookEveryMs});
`;

/** Watches from a thread of its own; `parent` is the daemon's process id. */
export function endWithParent(parent: number): void {
  const watch = new Worker(code, { eval: true, workerData: parent, env: {}, execArgv: [] });
  // Without it queries go on as well; they only end later.
  watch.on('error', () => {});
  watch.unref();
}
