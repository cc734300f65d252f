// Runs a bundle, and when it ends writes what V8 has compiled of it: node code-cache-run.cjs PROGRAM [ARG...], with a
// channel to its parent, which a daemon tells when it listens, and which tells it to end. Its threads run this as well.
const { existsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const threads = require('node:worker_threads');
const { cachePath, compile, formatCache, run } = require('../dist/bundle/load.js');

const name = threads.isMainThread ? process.argv[2] : 'worker';
const compiled = compile(name);
const channel = new threads.BroadcastChannel('code-cache');
channel.unref();

if (threads.isMainThread) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(_entry, options) {
      super(__filename, options);
    }
  };
  process.on('exit', () => writeFileSync(cachePath(name), formatCache(compiled)));
  if (name === 'vmsysd') serve();
  void run(compiled).main(process.argv.slice(3));
} else {
  run(compiled);
  // One that was started ahead and had no session has compiled too little.
  threads.parentPort.on('message', ({ type }) => {
    if (type === 'open') channel.onmessage = () => channel.postMessage(formatCache(compiled));
  });
}

function serve() {
  const socket = join(process.env.XDG_RUNTIME_DIR, 'vmsys', 'vmsysd.sock');
  const waiting = setInterval(() => {
    if (!existsSync(socket)) return;
    clearInterval(waiting);
    process.send('listening');
  }, 20);
  channel.onmessage = ({ data }) => {
    writeFileSync(cachePath('worker'), data);
    process.kill(process.pid, 'SIGTERM');
  };
  process.once('message', () => channel.postMessage('keep'));
}
