// The floor: what a round trip costs before anybody evaluates anything. A Unix-socket server that reads JSON lines,
// sends each to a worker thread and back, writes one row to SQLite (WAL, synchronous=NORMAL), and answers one line.
// Usage: floor-server.mjs SOCKET [DATABASE]; without a database it answers at once, with no worker and no row. Where
// systemd passes a socket, that one is served.
import { createServer } from 'node:net';

const [socketPath, databasePath] = process.argv.slice(2);
const answer = databasePath === undefined ? echo : await openWorker(databasePath);

createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest += chunk;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const request = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      answer(request, (result) => {
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result })}\n`);
      });
    }
  });
}).listen(process.env['LISTEN_FDS'] === undefined ? socketPath : { fd: 3 });
process.once('SIGTERM', () => process.exit(0));

/** @typedef {{ id: number, params: { code?: string } }} Request */

/**
 * @param {Request} request
 * @param {(result: unknown) => void} done
 */
function echo(request, done) {
  done(request.params);
}

/**
 * @param {string} path of the database
 * @returns {Promise<typeof echo>}
 */
async function openWorker(path) {
  const [{ default: Database }, { Worker }] = await Promise.all([
    import('better-sqlite3'),
    import('node:worker_threads'),
  ]);
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec('CREATE TABLE calls (id INTEGER PRIMARY KEY, code TEXT, result TEXT)');
  const insert = db.prepare('INSERT INTO calls (code, result) VALUES (?, ?)');
  const worker = new Worker(new URL('./floor-worker.mjs', import.meta.url));
  /** @type {(() => void)[]} answers come in the order of the questions */
  const waiting = [];
  worker.on('message', () => waiting.shift()?.());
  return (request, done) => {
    waiting.push(() => {
      insert.run(request.params.code, '2');
      done({ value: 2 });
    });
    worker.postMessage(request.params);
  };
}
