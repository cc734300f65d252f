// Who is at the other end of a connection, and who is refused.
import { spawnSync, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createLog } from '#src/host/log.js';
import { loadNative } from '#src/host/native.js';
import { createPeerGuard, type PeerGuardOptions } from '#src/host/peers.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const native = await loadNative();
const uid = process.getuid?.() ?? -1;
const gid = process.getgid?.() ?? -1;
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;
const cannotBeOthers = uid !== 0 ? 'only root can be another user' : !hasSetpriv && 'setpriv is missing';

/** A socket that anybody may connect to, behind a guard. */
async function guarded(t: Test, options: Partial<PeerGuardOptions>) {
  const folder = tempFolder(t);
  chmodSync(folder, 0o777);
  const path = join(folder, 's');
  const lines: string[] = [];
  const log = createLog({
    stream: { writableLength: 0, write: (text) => lines.push(text) > 0 },
    level: 'debug',
    format: 'json',
  });
  const isWelcome = createPeerGuard({ rule: 'owner', native, uid, gid, log, ...options });
  const server = createServer((socket) => {
    if (isWelcome(socket)) socket.end('welcome');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o777);
  t.teardown(() => void server.close());
  return { path, lines };
}

/** What a client reads that runs as somebody else; empty where it is cut off. */
async function readAs(path: string, ...identity: string[]): Promise<string> {
  const source = `require('net').connect(process.argv[1]).on('error', () => {}).pipe(process.stdout)`;
  // Without its environment: tap would have it write where that user may not.
  const child = spawn('setpriv', [...identity, 'env', '-i', process.execPath, '-e', source, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}

t.test('the owner is served', { skip: !hasSetpriv && 'setpriv is missing' }, async (t) => {
  const { path, lines } = await guarded(t, {});
  t.equal(await readAs(path, '--no-new-privs'), 'welcome');
  t.strictSame(lines, []);
});

t.test(
  'another user is cut off and logged, though the file lets everybody in',
  { skip: cannotBeOthers },
  async (t) => {
    const { path, lines } = await guarded(t, {});
    for (let round = 0; round < 3; round += 1) {
      t.equal(await readAs(path, '--reuid', '4242', '--regid', '4242', '--clear-groups'), '');
    }
    t.equal(lines.length, 1, 'whoever tries again and again does not fill the log');
    t.match(JSON.parse(lines[0] ?? ''), {
      level: 'warn',
      uid: 4242,
      pid: Number,
      expected: `user ${uid}`,
      refused: 1,
    });
  },
);

t.test('root is refused where the daemon is not root’s', { skip: cannotBeOthers }, async (t) => {
  const { path } = await guarded(t, { uid: 4242 });
  t.equal(await readAs(path, '--no-new-privs'), '');
  t.equal(await readAs(path, '--reuid', '4242', '--regid', '4242', '--clear-groups'), 'welcome');
});

t.test(
  'a shared daemon serves the members of its group, by any of their groups',
  { skip: cannotBeOthers },
  async (t) => {
    const { path } = await guarded(t, { rule: 'group', gid: 777 });
    const many = Array.from({ length: 300 }, (_, at) => 1000 + at).join(',');
    t.equal(await readAs(path, '--reuid', '4242', '--regid', '777', '--clear-groups'), 'welcome');
    t.equal(await readAs(path, '--reuid', '4242', '--regid', '1', '--groups', `5,777,${many}`), 'welcome');
    t.equal(await readAs(path, '--reuid', '4242', '--regid', '1', '--groups', '5,778'), '');
  },
);

t.test('a connection of which nothing is known is refused', async (t) => {
  const { path, lines } = await guarded(t, { native: { peerOf: () => undefined } });
  t.equal(await readAs(path, '--no-new-privs'), '');
  await until('the log line', () => lines.length === 1);
});
