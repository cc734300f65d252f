// A daemon that runs without systemd is found, by its records, and stopped before units take its place.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findDirectDaemons, stopDirectDaemon } from '#src/cli/service/direct-daemon.js';
import { findScope } from '#src/cli/service/scope.js';
import { homeEnv, startDaemon } from '../../fixtures/daemon.js';
import { tempFolder } from '../../fixtures/temp.js';

const { signal } = new AbortController();

t.test('it is found by its state folder, and gone when stopping is over', async (t) => {
  const daemon = await startDaemon(t);
  const scope = findScope({ env: homeEnv(daemon.home), signal }, {});
  const found = await findDirectDaemons(scope, signal);
  t.strictSame(found, [{ pid: daemon.child.pid, socketPath: daemon.socketPath }]);
  for (const one of found) await stopDirectDaemon(one, signal);
  t.strictSame(await daemon.exited, { code: 0, signal: null });
  t.strictSame(await findDirectDaemons(scope, signal), []);
});

t.test('a record that a killed daemon left means nobody', async (t) => {
  const home = tempFolder(t);
  const scope = findScope({ env: { ...homeEnv(home), VMSYS_STATE_DIR: home }, signal }, {});
  for (const text of [
    `{"pid":${process.pid},"socketPath":"${home}/s"}`,
    '{"pid":4194304,"socketPath":"/s"}',
    '{',
  ]) {
    writeFileSync(join(home, 'daemon.json'), text);
    t.strictSame(await findDirectDaemons(scope, signal), [], text);
  }
});
