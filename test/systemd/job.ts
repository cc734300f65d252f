// The job timer of contrib/systemd: a file runs in a named session on a schedule, and the session remembers.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import t from 'tap';
import { home } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

const { service, skip } = await installService(t);
const { machine } = service;
const unit = 'vmsys-job@count.service';

t.test('a job runs its file in its session, which remembers the runs before', { skip }, async (t) => {
  await service.write(
    `${home}/jobs/count.js`,
    'globalThis.runs = (globalThis.runs ?? 0) + 1; console.log(`run ${runs}`)',
  );
  await machine.sh('vmsys session create --name count --worktree ~/jobs');
  await service.systemctl('start', unit);
  await service.systemctl('stop', 'vmsysd.service');
  await service.systemctl('start', unit);
  t.equal(await machine.sh('vmsys exec repl count runs'), '2');
});

t.test('its timer runs it', { skip }, async (t) => {
  await service.write(
    `${home}/.config/systemd/user/vmsys-job@count.timer.d/often.conf`,
    '[Timer]\nOnCalendar=\nOnCalendar=*:*:0/1\nAccuracySec=1ms\n',
  );
  await service.systemctl('daemon-reload');
  await service.systemctl('enable', '--now', 'vmsys-job@count.timer');
  await until(
    'two more runs',
    async () => Number(await machine.sh('vmsys exec repl count runs --if-busy wait')) >= 4,
  );
  await service.systemctl('disable', '--now', 'vmsys-job@count.timer');
  t.pass();
});

t.test('a job whose code throws is a failed unit, with the error in the journal', { skip }, async (t) => {
  await service.write(`${home}/jobs/count.js`, 'throw new RangeError("no more runs")');
  t.not((await machine.run(`systemctl --user start ${unit}`)).status, 0);
  t.equal(await service.show('Result', unit), 'exit-code');
  t.match(await machine.sh(`journalctl --user --unit=${unit} --output=cat`), /RangeError: no more runs/);
});
