import { homedir } from 'node:os';
import t from 'tap';
import { defaultCacheDir, defaultConfigPath, defaultStateDir } from '#src/host/paths.js';

t.test('the XDG variables say where things are', async (t) => {
  const env = { HOME: '/home/a', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c', XDG_CONFIG_HOME: '/k' };
  t.equal(defaultStateDir(env), '/s/vmsys');
  t.equal(defaultCacheDir(env), '/c/vmsys');
  t.equal(defaultConfigPath(env), '/k/vmsys/config.json');
});

t.test('without them, or where they are empty or relative, the home does', async (t) => {
  for (const value of [undefined, '', 'relative/path']) {
    const env = { HOME: '/home/a', XDG_STATE_HOME: value, XDG_CACHE_HOME: value, XDG_CONFIG_HOME: value };
    t.equal(defaultStateDir(env), '/home/a/.local/state/vmsys');
    t.equal(defaultCacheDir(env), '/home/a/.cache/vmsys');
    t.equal(defaultConfigPath(env), '/home/a/.config/vmsys/config.json');
  }
});

t.test('without HOME, the system knows the home', async (t) => {
  t.equal(defaultStateDir({}), `${homedir()}/.local/state/vmsys`);
});
