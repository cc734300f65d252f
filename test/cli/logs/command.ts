// `vmsys logs` over a file and a journal: what is there, and what is added.
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { followLogFile, readLogFile } from '#src/cli/logs/log-file.js';
import { logsCommand } from '#src/cli/logs.js';
import { serviceHost, wellUnits } from '../../fixtures/service-host.js';
import { tempFolder } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

const line = (second: number, message: string, level = 'info'): string =>
  `${JSON.stringify({ time: new Date(second * 1000).toISOString(), level, message })}\n`;
const entry = (second: number, message: string): string =>
  `${JSON.stringify({ __REALTIME_TIMESTAMP: String(second * 1e6), PRIORITY: '6', MESSAGE: message })}\n`;

t.test('file and journal are shown as one log', async (t) => {
  const host = serviceHost(t);
  mkdirSync(host.stateDir, { recursive: true });
  writeFileSync(join(host.stateDir, 'vmsysd.log.1'), line(1, 'first'));
  writeFileSync(join(host.stateDir, 'vmsysd.log'), `${line(3, 'third', 'error')}    at a stack\n`);
  host.answer('journalctl', 0, `${entry(2, 'second')}${entry(4, 'fourth')}-- cursor: s=1\n`);
  const messages = async (params: object): Promise<string[]> => {
    const { stdout } = await host.run(logsCommand, params, { json: true });
    return stdout
      .split('\n')
      .flatMap((text) => (text === '' ? [] : [(JSON.parse(text) as { message: string }).message]));
  };
  t.strictSame(await messages({}), ['first', 'second', 'third', '    at a stack', 'fourth']);
  t.strictSame(await messages({ lines: 2 }), ['    at a stack', 'fourth']);
  t.strictSame(await messages({ priority: 'error' }), ['third']);
  t.match((await host.run(logsCommand, { lines: 1 })).stdout, /^1970-01-01T00:00:04\.000Z INFO {2}fourth\n$/);
});

t.test('where there is no log it says where it looked', async (t) => {
  const host = serviceHost(t);
  host.answer('journalctl', 1);
  const { status, stdout, stderr } = await host.run(logsCommand);
  t.match(
    { status, stdout, stderr },
    { status: 0, stdout: '', stderr: /no journal that you may read, and .*vmsysd\.log has nothing/ },
  );
});

t.test(
  'the file that a running daemon writes to is shown, and a sleeping service is not woken',
  async (t) => {
    const host = serviceHost(t);
    const path = join(host.home, 'own.log');
    writeFileSync(path, line(1, 'by hand'));
    const daemon = await host.serve({ log: { kind: 'file', path } });
    t.match((await host.run(logsCommand)).stdout, /INFO {2}by hand\n$/);
    const before = daemon.calls.length;
    host.setUnit('vmsysd.socket', wellUnits(host).socket);
    host.setUnit('vmsysd.service', wellUnits(host).service);
    t.equal((await host.run(logsCommand)).stdout, '');
    t.equal(daemon.calls.length, before);
  },
);

t.test('where a running daemon writes elsewhere, that is said', async (t) => {
  const host = serviceHost(t);
  await host.serve({ log: { kind: 'stderr' } });
  t.match(
    (await host.run(logsCommand)).stderr,
    `(pid ${process.pid}) writes its log to where it was started`,
  );
});

t.test('a follower is told where there is no journal', async (t) => {
  const host = serviceHost(t);
  host.answer('journalctl', 1);
  const stop = new AbortController();
  let told = '';
  const following = host.run(
    logsCommand,
    { follow: true },
    {
      signal: stop.signal,
      heard: (text) => (told += text),
    },
  );
  await until('the note', () => told.includes('no journal that you may read: only files are followed'));
  stop.abort();
  t.match(await following, { status: 130 });
});

t.test('a file is followed over half lines and a new file', async (t) => {
  const path = join(tempFolder(t), 'log');
  writeFileSync(path, line(1, 'old'));
  const stop = new AbortController();
  const seen: string[] = [];
  const following = followLogFile(path, ({ message }) => seen.push(message), stop.signal);
  const see = (message: string) => until(message, () => seen.includes(message));
  // Following begins at the end of the file as it is then: that has come when something new is seen.
  await until('the beginning', () => {
    appendFileSync(path, line(2, 'new'));
    return seen.length > 0;
  });
  const half = line(3, 'half');
  appendFileSync(path, half.slice(0, 20));
  appendFileSync(path, half.slice(20));
  await see('half');
  renameSync(path, `${path}.1`);
  writeFileSync(path, line(4, 'other'));
  await see('other');
  stop.abort();
  await following;
  t.notOk(seen.includes('old'));
  t.strictSame(await readLogFile(`${path}.gone`), []);
});
