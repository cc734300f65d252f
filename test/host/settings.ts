import t from 'tap';
import type { ConfigFile } from '#src/host/config.js';
import type { Flags } from '#src/host/flags.js';
import { defaults, settle } from '#src/host/settings.js';

const none: Flags = { help: false, version: false };
const settleWith = (
  flags: Partial<Flags>,
  env: Record<string, string>,
  file: ConfigFile = {},
  isActivated = false,
) =>
  settle({
    flags: { ...none, ...flags },
    env: { HOME: '/h', ...env },
    file,
    uid: 7,
    cwd: '/cwd',
    isActivated,
  });

t.test('with nothing said, the defaults', async (t) => {
  t.strictSame(settleWith({}, {}), {
    ...defaults,
    idleExitMs: 0,
    socketPath: '/tmp/vmsys-7/vmsysd.sock',
    stateDir: '/h/.local/state/vmsys',
    cacheDir: '/h/.cache/vmsys',
  });
});

t.test('a flag wins over a variable, a variable over the file, the file over the default', async (t) => {
  const file: ConfigFile = {
    socket: '/f',
    stateDir: '/fd',
    cacheDir: '/fc',
    logLevel: 'error',
    logFormat: 'json',
  };
  const variables = {
    VMSYS_SOCKET: '/v',
    VMSYS_STATE_DIR: '/vd',
    VMSYS_CACHE_DIR: '/vc',
    VMSYS_LOG_LEVEL: 'warn',
    VMSYS_LOG_FORMAT: 'pretty',
  };
  const flags = { socket: 'rel/s', stateDir: '/ld', cacheDir: '/lc', logLevel: 'debug', logFormat: 'auto' };
  t.match(settleWith(flags, variables, file), {
    socketPath: '/cwd/rel/s',
    stateDir: '/ld',
    cacheDir: '/lc',
    logLevel: 'debug',
    logFormat: 'auto',
  });
  t.match(settleWith({}, variables, file), {
    socketPath: '/v',
    stateDir: '/vd',
    cacheDir: '/vc',
    logLevel: 'warn',
    logFormat: 'pretty',
  });
  t.match(settleWith({}, {}, file), {
    socketPath: '/f',
    stateDir: '/fd',
    cacheDir: '/fc',
    logLevel: 'error',
    logFormat: 'json',
  });
});

t.test('numbers come from the file, each by itself', async (t) => {
  const file = {
    maxLiveSessions: 3,
    maxMessageBytes: 4096,
    history: { maxExecutions: 5 },
    shutdownGraceMs: 0,
  };
  t.match(settleWith({}, {}, file), {
    maxLiveSessions: 3,
    maxMessageBytes: 4096,
    history: { maxExecutions: 5, maxAgeDays: defaults.history.maxAgeDays },
    shutdownGraceMs: 0,
    maxConnections: defaults.maxConnections,
  });
});

t.test('words that are not known, empty paths and long socket paths are refused', async (t) => {
  t.throws(() => settleWith({ logLevel: 'loud' }, {}), { code: 'USAGE', message: /"loud".*debug, info/ });
  t.throws(() => settleWith({}, { VMSYS_LOG_FORMAT: 'xml' }), { code: 'USAGE', message: /"xml"/ });
  t.throws(() => settleWith({ stateDir: '' }, {}), { code: 'USAGE', message: /--state-dir is empty/ });
  t.throws(() => settleWith({ socket: `/${'x'.repeat(107)}` }, {}), {
    code: 'USAGE',
    message: /108 bytes.*at most 107/,
  });
  t.doesNotThrow(() => settleWith({ socket: `/${'x'.repeat(106)}` }, {}));
});

t.test('under systemd an idle daemon leaves, by hand only where it is asked to', async (t) => {
  t.equal(settleWith({}, {}, {}, true).idleExitMs, 600_000);
  t.equal(settleWith({}, {}, { idleExitMs: 0 }, true).idleExitMs, 0);
  t.equal(settleWith({}, {}, { idleExitMs: 7 }).idleExitMs, 7);
  t.equal(settleWith({ idleExit: '1.5' }, {}, { idleExitMs: 7 }).idleExitMs, 1500);
  for (const seconds of ['', '-1', '10m', '1e9', '99999999']) {
    t.throws(() => settleWith({ idleExit: seconds }, {}), { code: 'USAGE', message: /--idle-exit.*seconds/ });
  }
});

t.test('who may connect is one of two words', async (t) => {
  t.equal(settleWith({}, {}).peers, 'owner');
  t.equal(settleWith({ peers: 'group' }, {}, { peers: 'owner' }).peers, 'group');
  t.throws(() => settleWith({ peers: 'all' }, {}), { code: 'USAGE', message: /"all".*owner, group/ });
});
