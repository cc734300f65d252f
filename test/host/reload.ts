import t from 'tap';
import { mergeSettings } from '#src/host/reload.js';
import { defaults } from '#src/host/settings.js';

const running = { ...defaults, socketPath: '/s', stateDir: '/d', cacheDir: '/c' };

t.test('what can change does, what cannot is named and stays', async (t) => {
  const read = {
    ...running,
    logLevel: 'debug' as const,
    history: { maxAgeDays: 1, maxExecutions: 2 },
    idleExitMs: 7,
    stateDir: '/other',
    maxLiveSessions: 1,
    undo: { ...running.undo },
  };
  const { settings, changes } = mergeSettings(running, read);
  t.strictSame(changes.applied.toSorted(), ['history', 'idleExitMs', 'logLevel']);
  t.strictSame(changes.needRestart.toSorted(), ['maxLiveSessions', 'stateDir']);
  t.strictSame(settings, {
    ...running,
    logLevel: 'debug',
    history: { maxAgeDays: 1, maxExecutions: 2 },
    idleExitMs: 7,
  });
});
