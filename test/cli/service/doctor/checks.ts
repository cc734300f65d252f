// Each fault that the doctor knows, on a host that is well but for that.
import t from 'tap';
import type { Facts, Place } from '#src/cli/service/doctor/facts.js';
import type { Finding } from '#src/cli/service/doctor/finding.js';
import { checkRunning } from '#src/cli/service/doctor/running-checks.js';
import { checkUnits } from '#src/cli/service/doctor/unit-checks.js';
import { markUnit } from '#src/cli/service/unit-text.js';
import type { UnitState } from '#src/cli/service/unit-state.js';

const unitFolder = '/home/ann/.config/systemd/user';
const ours = markUnit('[Service]\n', '1.0.0');
const file = (name: string, found: string | undefined, text: string | undefined = ours) => ({
  name,
  path: `${unitFolder}/${name}`,
  text,
  found,
});
const unit = (fields: Partial<UnitState>): UnitState => ({
  load: 'loaded',
  active: 'active',
  sub: 'running',
  result: 'success',
  enabled: 'enabled',
  file: `${unitFolder}/vmsysd.x`,
  needsReload: false,
  pid: 7,
  exitStatus: 0,
  since: '2026-11-23T00:00:00Z',
  restarts: 0,
  ...fields,
});
const place = (fields: Partial<Place> = {}): Place => ({
  exists: true,
  mode: 0o700,
  uid: 1000,
  gid: 1000,
  isSocket: false,
  writable: true,
  ...fields,
});
const info = {
  name: 'vmsysd' as const,
  version: '1.0.0',
  protocol: '1',
  engine: { name: 'quickjs', version: '1' },
  pid: 7,
  startedAt: '2026-11-23T00:00:00Z',
  activation: 'systemd' as const,
  idleExitMs: 600_000,
  socketPath: '/run/user/1000/vmsys/vmsysd.sock',
  databasePath: '/st/vmsys.db',
  libraryPath: '/ca',
  log: { kind: 'journal' as const },
};
const scope: Facts['scope'] = {
  manager: '--user',
  group: undefined,
  socketUnit: 'vmsysd.socket',
  serviceUnit: 'vmsysd.service',
  socketPath: info.socketPath,
  unitFolder,
  stateDir: '/st',
  cacheDir: '/ca',
  configFault: undefined,
  folders: { stateDir: undefined, cacheDir: undefined, configHome: undefined },
  env: {},
  uid: 1000,
  run: () => Promise.reject(new Error('the checks run nothing')),
};

const well: Facts = {
  scope,
  uid: 1000,
  shell: { XDG_RUNTIME_DIR: '/run/user/1000' },
  manager: { version: 252, unitPath: [unitFolder] },
  installation: { version: '1.0.0', node: '/usr/bin/node', root: '/opt/vmsysd', programs: [] },
  probe: { userNamespaces: true, reason: '' },
  files: [file('vmsysd.socket', ours), file('vmsysd.service', ours)],
  socket: unit({ sub: 'listening' }),
  service: unit({}),
  sharedGid: undefined,
  socketFile: place({ mode: 0o600, isSocket: true }),
  socketFolder: place(),
  command: [
    { word: '/usr/bin/node', exists: true },
    { word: '/opt/vmsysd/bin/vmsysd.js', exists: true },
  ],
  folders: [
    { what: 'state', path: '/st', place: place() },
    { what: 'cache', path: '/ca', place: place() },
  ],
  grants: [],
  directDaemons: [],
  answer: { info, tookMs: 12, outdated: false },
  sandbox: 'on',
  journal: true,
  lingers: true,
};

const examine = (fields: Partial<Facts>): Finding[] => {
  const facts = { ...well, ...fields };
  return [...checkUnits(facts), ...checkRunning(facts)];
};
const install = 'vmsys service install';
const reset = 'systemctl --user reset-failed vmsysd.socket vmsysd.service';
const start = 'systemctl --user start vmsysd.socket';
const restartSocket = 'systemctl --user restart vmsysd.socket';

t.test('nothing is wrong where all is well', async (t) => {
  t.strictSame(
    examine({}).filter(({ verdict }) => verdict !== 'ok'),
    [],
  );
});

const answer = (fields: object): Facts['answer'] => ({
  info: { ...info, ...fields },
  tookMs: 1,
  outdated: false,
});
const limit = { active: 'failed', sub: 'failed' };

/** What is different, what the doctor says of it, and a cure that it names. */
const faults: readonly (readonly [
  title: string,
  Partial<Facts>,
  check: string,
  says: RegExp,
  cure: string,
])[] = [
  [
    'not installed',
    { files: [file('vmsysd.socket', undefined), file('vmsysd.service', undefined)] },
    'unit files',
    /is not installed in/,
    install,
  ],
  [
    'a unit is missing',
    { files: [file('vmsysd.socket', undefined), file('vmsysd.service', ours)] },
    'unit files',
    /vmsysd\.socket is missing/,
    install,
  ],
  [
    'a unit is older',
    { files: [file('vmsysd.socket', markUnit('[Socket]\n', '0.9.0'))] },
    'unit files',
    /of another version/,
    install,
  ],
  [
    'a unit was changed',
    { files: [file('vmsysd.socket', `${ours}x\n`)] },
    'unit files',
    /changed by hand/,
    'keep your changes with "systemctl --user edit vmsysd.service"',
  ],
  [
    'a unit is not ours',
    { files: [file('vmsysd.socket', '[Socket]\n')] },
    'unit files',
    /not written by vmsys/,
    'move it away',
  ],
  [
    'a fallback is left over',
    { files: [...well.files, { ...file('vmsysd.service.d/90-x.conf', ours), text: undefined }] },
    'unit files',
    /no longer needed/,
    install,
  ],
  [
    'the manager reads elsewhere',
    { manager: { version: 252, unitPath: ['/etc/systemd/user'] } },
    'systemd',
    /reads no units from/,
    'unset XDG_CONFIG_HOME here, or set it for systemd as well (environment.d(5)) and log in again',
  ],
  [
    'a unit is masked',
    { socket: unit({ load: 'masked' }) },
    'systemd',
    /vmsysd\.socket is masked/,
    'systemctl --user unmask vmsysd.socket',
  ],
  [
    'another file hides ours',
    { service: unit({ file: '/run/user/1000/systemd/transient/vmsysd.service' }) },
    'systemd',
    /hides ours/,
    'remove that file',
  ],
  [
    'systemd has not read the files',
    { service: unit({ needsReload: true }) },
    'systemd',
    /changed since systemd read them/,
    'systemctl --user daemon-reload',
  ],
  [
    'Node moved',
    {
      command: [
        { word: '/gone/node', exists: false },
        { word: '/opt/vmsysd/bin/vmsysd.js', exists: true },
      ],
    },
    'Node',
    /\/gone\/node, which is gone/,
    install,
  ],
  [
    'the installation moved',
    {
      command: [
        { word: '/usr/bin/node', exists: true },
        { word: '/gone/vmsysd.js', exists: false },
      ],
    },
    'program',
    /\/gone\/vmsysd\.js, which is gone/,
    install,
  ],
  [
    'the service limit was hit',
    { socket: unit({ ...limit, result: 'service-start-limit-hit' }), answer: undefined },
    'socket unit',
    /started too often.*service-start-limit-hit/,
    reset,
  ],
  [
    'the trigger limit was hit',
    { socket: unit({ ...limit, result: 'trigger-limit-hit' }), answer: undefined },
    'socket unit',
    /started too often.*trigger-limit-hit/,
    start,
  ],
  [
    'the socket is stopped',
    { socket: unit({ active: 'inactive', sub: 'dead' }), answer: undefined },
    'socket unit',
    /does not listen/,
    start,
  ],
  [
    'the socket is not enabled',
    { socket: unit({ enabled: 'disabled' }) },
    'socket unit',
    /not after the next login/,
    'systemctl --user enable vmsysd.socket',
  ],
  [
    'the service fails in its sandbox',
    { service: unit({ active: 'failed', result: 'exit-code', exitStatus: 226 }) },
    'service unit',
    /sandbox could not be made, status 226/,
    install,
  ],
  [
    'the service cannot be run',
    { service: unit({ active: 'activating', sub: 'auto-restart', result: 'exit-code', exitStatus: 203 }) },
    'service unit',
    /could not be run/,
    'vmsys logs',
  ],
  [
    'the socket file was removed',
    { socketFile: place({ exists: false }) },
    'socket file',
    /was removed/,
    restartSocket,
  ],
  [
    'the socket is open to others',
    { socketFile: place({ mode: 0o666, isSocket: true }) },
    'socket file',
    /mode 0666, expected 0600/,
    restartSocket,
  ],
  [
    'the socket is somebody else’s',
    { socketFile: place({ mode: 0o600, isSocket: true, uid: 0 }) },
    'socket file',
    /belongs to user 0, expected 1000/,
    restartSocket,
  ],
  [
    'the folder of the socket is open',
    { socketFolder: place({ mode: 0o755 }) },
    'socket file',
    /\/vmsys has mode 0755/,
    'chmod 700 /run/user/1000/vmsys',
  ],
  [
    'the state folder is gone',
    { folders: [{ what: 'state', path: '/st', place: place({ exists: false }) }] },
    'state folder',
    /does not exist/,
    restartSocket,
  ],
  [
    'the state folder cannot be written',
    { folders: [{ what: 'state', path: '/st', place: place({ mode: 0o500, writable: false }) }] },
    'state folder',
    /cannot be written to \(mode 0500\)/,
    'chmod 700 /st',
  ],
  [
    'others may write to the cache folder',
    { folders: [{ what: 'cache', path: '/ca', place: place({ mode: 0o777 }) }] },
    'cache folder',
    /others may write/,
    'chmod 700 /ca',
  ],
  [
    'a granted folder is gone',
    { grants: [{ path: '/out', exists: false }] },
    'granted folder',
    /\/out does not exist/,
    'mkdir -p /out',
  ],
  [
    'another daemon holds the state',
    { directDaemons: [{ pid: 9, socketPath: '/tmp/s' }] },
    'other daemon',
    /did not start \(pid 9, \/tmp\/s\)/,
    'vmsys system shutdown --no-start --socket /tmp/s',
  ],
  ['nobody answers', { answer: undefined }, 'daemon', /no answer at/, 'vmsys logs'],
  [
    'the daemon cannot start',
    { answer: { refusal: 'config file does not fit:\n  logLevl' } },
    'daemon',
    /it cannot start: config file does not fit:\n {2}logLevl/,
    'systemctl --user restart vmsysd.service',
  ],
  [
    'the config file is no JSON',
    { scope: { ...scope, configFault: 'the config file /c cannot be read' } },
    'config file',
    /\/c cannot be read/,
    'correct it, or remove it for the defaults; what follows takes the folders for the usual ones',
  ],
  [
    'the daemon is older',
    { answer: answer({ version: '0.9.0' }) },
    'daemon',
    /it is version 0\.9\.0, this vmsys 1\.0\.0/,
    'systemctl --user restart vmsysd.service',
  ],
  [
    'the daemon is not systemd’s',
    { answer: answer({ activation: 'direct' }) },
    'daemon',
    /was not started by systemd/,
    install,
  ],
  [
    'the state is elsewhere',
    { answer: answer({ databasePath: '/other/vmsys.db' }) },
    'daemon',
    /its state is in \/other/,
    install,
  ],
  ['the sandbox was ignored', { sandbox: 'off' }, 'sandbox', /left it out/, install],
  [
    'the journal cannot be read',
    { journal: false },
    'journal',
    /can read none of its log/,
    'sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald (it then keeps a journal of each user)',
  ],
  [
    'the shell looks elsewhere',
    { shell: {} },
    'shell',
    /XDG_RUNTIME_DIR is not set/,
    'export XDG_RUNTIME_DIR=/run/user/1000',
  ],
];

for (const [title, fields, check, says, cure] of faults) {
  t.test(`${title}: found, with its cure`, async (t) => {
    const found = examine(fields).filter(({ verdict }) => verdict === 'wrong');
    const finding = found.find((one) => one.check === check);
    t.match(finding?.says ?? found, says);
    t.ok(finding?.cure?.includes(cure), cure, { found: finding?.cure });
  });
}

t.test('what is good to know is no fault', async (t) => {
  const notes: Partial<Facts>[] = [
    { lingers: false },
    { sandbox: 'reduced', probe: { userNamespaces: false, reason: 'status 217' } },
    { probe: { userNamespaces: undefined, reason: 'no bus' } },
    { shell: { ...well.shell, VMSYS_SOCKET: '/tmp/other' } },
    { answer: { info, tookMs: 1, outdated: true } },
    {
      command: [
        { word: '/other/node', exists: true },
        { word: '/opt/vmsysd/bin/vmsysd.js', exists: true },
      ],
    },
    { service: unit({ active: 'inactive', sub: 'dead', pid: undefined }), sandbox: 'unknown' },
    { service: unit({ since: undefined }), journal: false },
  ];
  for (const fields of notes) {
    t.notOk(
      examine(fields).some(({ verdict }) => verdict === 'wrong'),
      JSON.stringify(fields).slice(0, 60),
    );
  }
});

t.test('a sandbox that could not be tried is unknown, and nothing is asked for', async (t) => {
  const found = examine({ probe: { userNamespaces: undefined, reason: 'no bus' } });
  t.match(
    found.filter(({ verdict }) => verdict !== 'ok'),
    [{ check: 'sandbox', verdict: 'note', says: /^unknown: .*no bus/ }],
  );
});

t.test('every fault has a cure', async (t) => {
  for (const [title, fields] of faults) {
    for (const { verdict, cure } of examine(fields)) {
      if (verdict === 'wrong') t.ok((cure?.length ?? 0) > 0, title);
    }
  }
});

t.test('who is no member of the group is told so', async (t) => {
  const found = examine({
    scope: { ...scope, manager: '--system', group: 'team' },
    answer: undefined,
    socketFile: place({ mode: 0o660, isSocket: true, uid: 0, writable: false }),
  });
  const finding = found.find(({ check }) => check === 'daemon');
  t.match(finding, { verdict: 'wrong', says: /no member of team/, cure: [/^sudo usermod -aG team/] });
});

t.test('the doctor of a shared service names the flags', async (t) => {
  const shared = {
    ...scope,
    manager: '--system' as const,
    group: 'team',
    serviceUnit: 'vmsysd@team.service',
    socketUnit: 'vmsysd@team.socket',
  };
  const found = examine({
    scope: shared,
    files: [file('vmsysd@.service', undefined)],
    answer: undefined,
    socketFile: place({ mode: 0o660, isSocket: true, uid: 0 }),
    socketFolder: place({ mode: 0o755, uid: 0 }),
  });
  t.match(
    examine({
      scope: shared,
      sharedGid: 990,
      socketFile: place({ mode: 0o660, isSocket: true, uid: 0, gid: 0 }),
      socketFolder: place({ mode: 0o755, uid: 0 }),
    }).filter(({ check }) => check === 'socket file'),
    [
      {
        verdict: 'wrong',
        says: /belongs to group 0, expected 990 \(team\)/,
        cure: ['systemctl restart vmsysd@team.socket'],
      },
    ],
  );
  const cures = found.flatMap(({ cure = [] }) => cure);
  t.ok(cures.includes('sudo vmsys service install --system --group team'));
  t.ok(cures.includes('sudo vmsys logs --group team'));
  t.notOk(found.some(({ check }) => check === 'socket file' && check.length === 0));
  t.notOk(found.some(({ check, verdict }) => check === 'socket file' && verdict === 'wrong'));
});
