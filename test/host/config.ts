import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseConfig, readConfig } from '#src/host/config.js';
import { StartError } from '#src/host/errors.js';
import { tempFolder } from '../fixtures/temp.js';

const env = { HOME: '/home/a' };

t.test('a whole file is taken, and "~" is the home', async (t) => {
  const text = JSON.stringify({
    socket: '~/run/s',
    stateDir: '/var/../d',
    cacheDir: '/c',
    logLevel: 'warn',
    logFormat: 'pretty',
    maxLiveSessions: 4,
    spareWorkers: 0,
    maxConnections: 10,
    maxMessageBytes: 2048,
    history: { maxAgeDays: 1.5, maxExecutions: 100 },
    shutdownGraceMs: 0,
  });
  t.strictSame(parseConfig(text, 'f', env), { ...JSON.parse(text), socket: '/home/a/run/s', stateDir: '/d' });
  t.strictSame(parseConfig('{}', 'f', env), {});
});

t.test('every fault is named by its path', async (t) => {
  const text =
    '{"sokcet":"/s","stateDir":"relative","history":{"maxAgeDays":-1},"logLevel":"loud","spareWorkers":1.5}';
  try {
    parseConfig(text, '/etc/c.json', env);
    t.fail('the file was taken');
  } catch (error) {
    t.ok(error instanceof StartError && error.exitStatus === 2);
    const message = error instanceof Error ? error.message : '';
    for (const part of [
      '/etc/c.json',
      'sokcet',
      'stateDir:',
      'history.maxAgeDays:',
      'logLevel:',
      'spareWorkers:',
    ]) {
      t.match(message, part);
    }
  }
});

t.test('what is not a JSON object is refused', async (t) => {
  for (const text of ['', '{', '[]', 'null', '"x"', '{"maxConnections":1e999}']) {
    t.throws(() => parseConfig(text, 'f', env), { code: 'USAGE' }, JSON.stringify(text));
  }
});

t.test('a file that is not there is no fault, unless it was asked for', async (t) => {
  const folder = tempFolder(t);
  const missing = join(folder, 'none.json');
  t.strictSame(readConfig(missing, { required: false, env }), {});
  t.throws(() => readConfig(missing, { required: true, env }), { code: 'USAGE', message: /ENOENT/ });
  t.throws(() => readConfig(folder, { required: false, env }), { code: 'USAGE', message: /EISDIR/ });
  const giant = join(folder, 'giant.json');
  writeFileSync(giant, ' '.repeat(1024 * 1024 + 1));
  t.throws(() => readConfig(giant, { required: true, env }), { code: 'USAGE', message: /1048577 bytes/ });
});
