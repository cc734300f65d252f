// The unit files of contrib/systemd, and those that `vmsys service install` makes of them, as systemd-analyze sees them.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { readdirSync } from 'node:fs';
import t from 'tap';
import { home, installed } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';

const { service, skip } = await installService(t);
const { machine } = service;
const contrib = `${installed}/contrib/systemd`;
const files = readdirSync(new URL('../../contrib/systemd', import.meta.url));
const isUnit = (name: string): boolean => /\.(service|socket|timer)$/.test(name);
/** The one that a group shares is for the system's manager, and its instance needs a group. */
const isShared = (name: string): boolean => name.startsWith('vmsysd@');
/** A template is verified by an instance of it. */
const instances = (names: readonly string[], instance: string): string =>
  names.map((name) => name.replace('@.', `@${instance}.`)).join(' ');
const verify = 'systemd-analyze verify --man=no --recursive-errors=yes';
/** Of 10: below 2 it is called safe. */
const highestExposure = 1;

const exposure = (output: string): number => {
  const level = /Overall exposure level for \S+: ([\d.]+)/.exec(output)?.[1];
  if (level === undefined) throw new Error(`no exposure level in: ${output}`);
  return Number(level);
};

t.test('those of the repository are in order where a package would put them', { skip }, async (t) => {
  // What the files say: Node in /usr/bin, the package in /usr/lib.
  await machine.sh(
    `mkdir -p /usr/lib/node_modules; ln -sfn ${installed} /usr/lib/node_modules/vmsysd
    test -e /usr/bin/node || ln -s "$(command -v node)" /usr/bin/node; /usr/sbin/groupadd --force developers`,
    { as: 'root' },
  );
  const user = files.filter((name) => isUnit(name) && !isShared(name));
  const shared = files.filter((name) => isUnit(name) && isShared(name));
  t.match([user.length, shared.length], [4, 2]);
  t.match(
    await machine.run(`mkdir u; cp ${contrib}/* u; cd u; ${verify} --user ${instances(user, 'demo')}`),
    {
      status: 0,
      stderr: '',
    },
  );
  t.match(
    await machine.run(
      `cd $(mktemp -d); cp ${contrib}/* .; ${verify} --system ${instances(shared, 'developers')}`,
      {
        as: 'root',
      },
    ),
    { status: 0, stderr: '' },
  );
});

t.test('those that were installed are in order', { skip }, async (t) => {
  const folder = `${home}/.config/systemd/user`;
  const names = (await machine.sh(`cd ${folder}; ls *.service *.socket *.timer`)).split('\n');
  t.match(await machine.run(`cd ${folder}; ${verify} --user ${instances(names, 'demo')}`), {
    status: 0,
    stderr: '',
  });
});

t.test(`the service is exposed by ${highestExposure} of 10 at most`, { skip }, async (t) => {
  const asFile = await machine.sh(`systemd-analyze --user security --offline=yes ${contrib}/vmsysd.service`);
  t.ok(exposure(asFile) <= highestExposure, `as a file: ${exposure(asFile)}`);
  await service.systemctl('start', 'vmsysd');
  const live = await machine.sh('systemd-analyze --user security vmsysd.service');
  t.ok(exposure(live) <= highestExposure, `as it runs: ${exposure(live)}`);
  const shared = await machine.sh(
    `cd $(mktemp -d); cp ${contrib}/vmsysd@.service vmsysd@developers.service
    systemd-analyze security --offline=yes vmsysd@developers.service`,
    { as: 'root' },
  );
  t.ok(exposure(shared) <= highestExposure, `shared by a group: ${exposure(shared)}`);
});
