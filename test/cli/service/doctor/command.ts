// The doctor as it is called: lines, JSON and exit status.
import { chmodSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { doctorCommand } from '#src/cli/service/doctor/command.js';
import { installCommand } from '#src/cli/service/install.js';
import { serviceHost, wellUnits } from '../../../fixtures/service-host.js';

t.test('status 0 where all is well, 1 with the cures where not', async (t) => {
  const host = serviceHost(t);
  const daemon = await host.serve();
  chmodSync(host.socketPath, 0o600);
  await host.run(installCommand);
  const { socket, service } = wellUnits(host);
  host.setUnit('vmsysd.socket', socket);
  host.setUnit('vmsysd.service', service);
  host.answer('journalctl', 0, 'listening\n');
  const well = await host.run(doctorCommand);
  t.match(well, { status: 0, stdout: /✓ daemon: version 0\.1\.0.*Everything is as it should be\.\n$/s });

  await daemon.stop();
  unlinkSync(join(host.unitFolder, 'vmsysd.service'));
  host.setUnit('vmsysd.socket', { ...socket, ActiveState: 'failed', Result: 'service-start-limit-hit' });
  const ill = await host.run(doctorCommand);
  t.equal(ill.status, 1);
  t.match(ill.stdout, /✗ unit files: .*vmsysd\.service is missing\n    vmsys service install\n/);
  t.match(
    ill.stdout,
    /✗ socket unit: .*\n    systemctl --user reset-failed vmsysd\.socket vmsysd\.service\n    systemctl --user start vmsysd\.socket\n/,
  );
  const json = await host.run(doctorCommand, {}, { json: true });
  t.match(
    [json.status, JSON.parse(json.stdout)],
    [1, { ok: false, findings: [{ check: 'unit files', verdict: 'wrong' }] }],
  );
});

t.test('without a manager it says what works all the same', async (t) => {
  const host = serviceHost(t);
  host.answer('manager', 1, 'Failed to connect to bus: No medium found\n');
  const { status, stdout } = await host.run(doctorCommand);
  t.match(
    { status, stdout },
    { status: 1, stdout: /✗ systemd: no systemd of user .*vmsys starts the daemon itself/ },
  );
});

t.test('a config file that is no JSON is found, and so is the rest', async (t) => {
  const host = serviceHost(t);
  await host.serve();
  chmodSync(host.socketPath, 0o600);
  await host.run(installCommand);
  const { socket, service } = wellUnits(host);
  host.setUnit('vmsysd.socket', socket);
  host.setUnit('vmsysd.service', service);
  const folder = join(host.home, '.config', 'vmsys');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), '{');
  const { status, stdout } = await host.run(doctorCommand);
  t.equal(status, 1);
  t.match(stdout, /✗ config file: .*config\.json cannot be read .*\n    correct it/);
  t.match(stdout, /✓ socket unit: /);
});
