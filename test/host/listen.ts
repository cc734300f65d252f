import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { listen } from '#src/host/listen.js';
import { connectLines } from '../fixtures/line-client.js';
import { tempFolder } from '../fixtures/temp.js';

const ignore = (socket: Socket): void => void socket.destroy();
const fail = (error: Error): void => {
  throw error;
};

function serve(path: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

/** Leaves a socket file behind, as a daemon does that was killed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', code], { stdio: 'ignore' }), 'exit');
}

t.test('the socket has mode 0600, and goes when the listener closes', async (t) => {
  const path = join(tempFolder(t), 's');
  const before = process.umask(0o022);
  t.teardown(() => process.umask(before));
  const listener = await listen(path, ignore, fail);
  t.equal(lstatSync(path).mode & 0o777, 0o600);
  t.equal(process.umask(), 0o022, 'the umask is as it was');
  listener.close();
  listener.close();
  t.notOk(existsSync(path));
});

t.test('connections are given to the caller, and outlive the listener', async (t) => {
  const path = join(tempFolder(t), 's');
  const accepted: Socket[] = [];
  const listener = await listen(path, (socket) => accepted.push(socket), fail);
  const client = await connectLines(path);
  listener.close();
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  accepted[0]?.end('{"jsonrpc":"2.0","id":1,"result":2}\n');
  t.match(await client.reply(1), { result: 2 });
});

t.test('a dead daemon’s socket is replaced', async (t) => {
  const path = join(tempFolder(t), 's');
  await leaveStaleSocket(path);
  t.ok(lstatSync(path).isSocket());
  const listener = await listen(path, ignore, fail);
  (await connectLines(path)).close();
  listener.close();
});

t.test('a live socket is never replaced', async (t) => {
  const path = join(tempFolder(t), 's');
  const other = await serve(path);
  t.teardown(() => void other.close());
  const { ino } = lstatSync(path);
  await t.rejects(listen(path, ignore, fail), { code: 'UNAVAILABLE', message: /another program answers/ });
  t.equal(lstatSync(path).ino, ino);
});

t.test('what is not a socket is refused and left alone', async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  await t.rejects(listen(file, ignore, fail), {
    code: 'UNAVAILABLE',
    message: /expected a socket or nothing, found a file/,
  });
  t.equal(readFileSync(file, 'utf8'), 'mine');
  mkdirSync(join(folder, 'folder'));
  await t.rejects(listen(join(folder, 'folder'), ignore, fail), { message: /found a folder/ });
  symlinkSync('file', join(folder, 'link'));
  await t.rejects(listen(join(folder, 'link'), ignore, fail), { message: /found a symbolic link/ });
  await t.rejects(listen(join(folder, 'none', 's'), ignore, fail), {
    code: 'UNAVAILABLE',
    message: /cannot listen/,
  });
});

t.test('a socket that took our place is not removed', async (t) => {
  const path = join(tempFolder(t), 's');
  const listener = await listen(path, ignore, fail);
  rmSync(path);
  const other = await serve(path);
  t.teardown(() => void other.close());
  listener.close();
  (await connectLines(path)).close();
  t.ok(lstatSync(path).isSocket());
});
