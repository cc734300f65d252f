// `vmsys service doctor` on a machine where one thing after the other is broken: it finds it, ends with status 1, and
// what it prints as the cure cures it. Needs root, systemd, and a cgroup2 that may be written to; skipped elsewhere.
import { once } from 'node:events';
import t from 'tap';
import { bootMachine, home, installed, runtimeDir, socketPath } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

t.setTimeout(240_000); // some twenty starts of the service: half a minute on two idle cores
const { service, skip } = await installService(t);
const { machine } = service;
const units = `${home}/.config/systemd/user`;
const state = `${home}/.local/state/vmsys`;

interface Breakage {
  what: string;
  /** What somebody did, or what happened. */
  script: string;
  /** The parts that need root. */
  asRoot?: string;
  finds: RegExp;
  /** What a person does before the cures that are printed. */
  first?: string;
}

const breakages: Breakage[] = [
  { what: 'a unit that is gone', script: `rm ${units}/vmsysd.service`, finds: /vmsysd.service is missing/ },
  {
    what: 'a unit that was changed',
    script: `echo '#' >>${units}/vmsysd.socket`,
    finds: /vmsysd.socket was changed/,
  },
  {
    what: 'a socket that is not enabled',
    script: 'systemctl --user disable vmsysd.socket',
    finds: /not after the next login/,
  },
  {
    what: 'a socket that was stopped',
    script: 'systemctl --user stop vmsysd.socket',
    finds: /does not listen/,
  },
  { what: 'a socket’s file that was removed', script: `rm ${socketPath}`, finds: /was removed/ },
  {
    what: 'a socket that others may open',
    script: `chmod 666 ${socketPath}`,
    finds: /mode 0?666, expected 0?600/,
  },
  {
    what: 'a socket folder that others may look into',
    script: `chmod 755 ${runtimeDir}/vmsys`,
    finds: /vmsys has mode 0755, expected 0700/,
  },
  {
    what: 'too many starts, which took the socket away',
    script: `cp -r ${units}/vmsysd.service.d /tmp/kept
      printf '[Unit]\\nStartLimitIntervalSec=60\\nStartLimitBurst=2\\n[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >${units}/vmsysd.service.d/99-test.conf
      systemctl --user daemon-reload
      systemctl --user stop vmsysd.service; systemctl --user start vmsysd.service || true
      while test "$(systemctl --user is-active vmsysd.socket)" != failed; do sleep 0.05; done
      cp /tmp/kept/* ${units}/vmsysd.service.d; systemctl --user daemon-reload`,
    finds: /too often/,
  },
  {
    what: 'a state folder that cannot be written to',
    script: `chmod 500 ${state}`,
    finds: /cannot be written to/,
  },
  {
    what: 'a key in the config file that is not known',
    script: `mkdir -p ~/.config/vmsys; echo '{"logLevl":1}' >~/.config/vmsys/config.json
      systemctl --user stop vmsysd.service`,
    finds: /✗ daemon: it cannot start: config file .*config\.json does not fit:\n.*logLevl/,
    first: 'rm ~/.config/vmsys/config.json',
  },
  {
    what: 'a config file that is no JSON',
    script: `echo '{' >~/.config/vmsys/config.json; systemctl --user stop vmsysd.service`,
    finds: /✗ config file: .*config\.json cannot be read/,
    first: 'rm ~/.config/vmsys/config.json',
  },
  {
    what: 'a Node that is gone',
    script: `/opt/node ${installed}/bin/vmsys.js service install`,
    asRoot: 'cp "$(command -v node)" /opt/node; chmod 755 /opt/node',
    finds: /\/opt\/node, which is gone/,
  },
  {
    what: 'a daemon older than this vmsys',
    script: 'vmsys system health',
    asRoot: `sed -i 's/"version": "[^"]*"/"version": "99.0.0"/' ${installed}/package.json`,
    finds: /this vmsys 99\.0\.0/,
  },
];

/** The commands among the lines of cures; the others are advice. */
const curesIn = (output: string): string[] =>
  [...output.matchAll(/^ {4}((?:vmsys|systemctl|chmod|mkdir|rm) .*)$/gm)].map(([, command = '']) =>
    command.replace(/ \(.*\)$/, ''),
  );

t.test('nothing is wrong at first', { skip }, async (t) => {
  t.match(await machine.run('vmsys service doctor'), { status: 0 });
});

t.test('it tells that the program was built anew', { skip }, async (t) => {
  await machine.sh('vmsys system health');
  await machine.sh(`touch ${installed}/dist/bundle/vmsysd.bundle.js`, { as: 'root' });
  t.match(await machine.sh('vmsys service doctor'), /its program was built anew since it started/);
  await machine.sh('systemctl --user restart vmsysd.service && vmsys system health');
  t.notMatch(await machine.sh('vmsys service doctor'), /built anew/);
});

for (const { what, script, asRoot, finds, first } of breakages) {
  t.test(`it finds ${what}, and knows the cure`, { skip }, async (t) => {
    if (what.includes('older')) await machine.sh(script);
    if (asRoot !== undefined) await machine.sh(asRoot, { as: 'root' });
    await machine.sh(script);
    if (what.includes('Node')) await machine.sh('rm /opt/node', { as: 'root' });
    const { status, stdout } = await machine.run('vmsys service doctor');
    t.equal(status, 1);
    t.match(stdout, finds);
    if (first !== undefined) await machine.sh(first);
    for (const cure of curesIn(stdout)) await machine.run(cure);
    const after = await machine.run('vmsys service doctor');
    t.equal(after.status, 0, 'cured', {
      found: stdout,
      cures: curesIn(stdout),
      after: after.stdout + after.stderr,
    });
    t.equal(await machine.sh('vmsys eval 1+1'), '2');
  });
}

t.test(
  'where the service cannot start, a call says whom to ask: while it waits, and at its end',
  { skip },
  async (t) => {
    const dropIn = `${units}/vmsysd.service.d/zz-gone.conf`;
    const gone = '[Service]\nExecStart=\nExecStart=/opt/no-node\n';
    await service.write(dropIn, gone);
    await machine.sh('systemctl --user daemon-reload; systemctl --user stop vmsysd.service');
    const waiting = machine.spawn(['vmsys', 'eval', '1+1']);
    const ended = once(waiting, 'close');
    let stderr = '';
    waiting.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await until('the hint', () => stderr.includes('"vmsys service doctor" says what is wrong'));
    await service.write(dropIn, `[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n${gone}`);
    await machine.sh('systemctl --user daemon-reload');
    await ended;
    t.match(
      [waiting.exitCode, stderr],
      [4, /there is no such socket; .*"vmsys service doctor" says why none runs/],
    );
    await machine.sh(
      `rm ${dropIn}; systemctl --user daemon-reload
     systemctl --user reset-failed vmsysd.socket vmsysd.service; systemctl --user start vmsysd.socket`,
    );
    t.equal(await machine.sh('vmsys eval 1+1'), '2');
  },
);

t.test('it finds that the user cannot read the journal', { skip }, async (t) => {
  const { machine: volatile } = await bootMachine(t, { journal: 'volatile' });
  await volatile.sh('vmsys service install');
  const { status, stdout } = await volatile.run('vmsys service doctor');
  t.equal(status, 1);
  t.match(stdout, /✗ journal: .*you can read none of its log/);
});

t.test('it finds that the service is not installed', { skip }, async (t) => {
  await machine.sh('vmsys service uninstall');
  t.match(await machine.run('vmsys service doctor'), { status: 1, stdout: /not installed/ });
  t.match(await machine.run(`ls ${runtimeDir}/vmsys`), { stdout: '' });
});
