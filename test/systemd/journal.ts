// What the daemon says, in the journal of its user: one entry for each thing said, with its priority; and read there by
// `vmsys logs`. Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { dirname } from 'node:path';
import t from 'tap';
import * as z from 'zod';
import { bootMachine, runtimeDir, socketPath } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

const { service, skip } = await installService(t, { config: { logLevel: 'debug' } });
const { machine } = service;
const Line = z.looseObject({ message: z.string() });

/** Has the daemon warn: another user comes, though nobody but its own could by the modes as they were. */
async function provoke(): Promise<void> {
  await machine.sh(`chmod 755 ${runtimeDir} ${dirname(socketPath)}; chmod 666 ${socketPath}`);
  const client = machine.connect(t, socketPath, 'stranger');
  await until('the refusal', () => client.closed);
  await machine.sh(`chmod 700 ${runtimeDir} ${dirname(socketPath)}; chmod 600 ${socketPath}`);
}

t.test(
  'each entry of the daemon is one line of JSON, with a priority and without colours',
  { skip },
  async (t) => {
    const { id: session } = await machine.connect(t).call<{ id: string }>('session.create');
    await machine.connect(t).call('exec.repl', { session, code: 'throw new Error("two\\nlines")' });
    await provoke();
    const entries = await until('the warning', async () => {
      const all = await service.journal();
      return all.some(({ PRIORITY }) => PRIORITY === '4') ? all : undefined;
    });
    const own = entries.filter(({ SYSLOG_IDENTIFIER }) => SYSLOG_IDENTIFIER === 'vmsysd');
    for (const { MESSAGE } of own)
      t.doesNotThrow(() => Line.parse(JSON.parse(String(MESSAGE))), String(MESSAGE));
    t.strictSame(
      own.filter(({ MESSAGE }) => typeof MESSAGE !== 'string' || MESSAGE.includes('\u001b')),
      [],
    );
    const prioritiesOf = (text: string): string[] =>
      own.filter(({ MESSAGE }) => String(MESSAGE).includes(text)).map(({ PRIORITY }) => PRIORITY);
    t.match(prioritiesOf('"message":"listening"'), ['6'], 'info');
    t.match(prioritiesOf('exec.repl'), ['7'], 'debug');
  },
);

t.test('"vmsys logs" shows it, by priority, as JSON, and as it comes', { skip }, async (t) => {
  t.match(await machine.sh('vmsys logs'), /INFO +listening/);
  const warnings = (await machine.sh('vmsys logs --priority warn')).split('\n');
  t.ok(warnings.length > 0 && warnings.every((line) => /\b(WARN|ERROR)\b/.test(line)), warnings.join('\n'));
  for (const line of (await machine.sh('vmsys logs --json -n 5')).split('\n'))
    t.doesNotThrow(() => Line.parse(JSON.parse(line)), line);
  const following = machine.spawn(['vmsys', 'logs', '--follow', '-n', '0']);
  t.teardown(() => void following.kill());
  let seen = '';
  following.stdout.setEncoding('utf8').on('data', (chunk: string) => (seen += chunk));
  await until('what is said meanwhile', async () => {
    await service.systemctl('restart', 'vmsysd');
    return /INFO +listening/.test(seen);
  });
});

t.test('a setting that is wrong is said there, as an error', { skip }, async (t) => {
  await service.configure({ logLevel: 'loud' });
  await service.machine.run('systemctl --user restart vmsysd');
  const found = await until('the complaint', async () =>
    (await service.journal()).find(({ MESSAGE }) => String(MESSAGE).includes('logLevel')),
  );
  t.equal(found.PRIORITY, '3');
  await service.configure({});
  await service.untilRunning();
});

t.test('where the journal cannot be read, "vmsys logs" says so', { skip }, async (t) => {
  const { machine: volatile } = await bootMachine(t, { journal: 'volatile' });
  await volatile.sh('vmsys service install');
  t.match(await volatile.run('vmsys logs'), { stdout: '', stderr: /no journal that you may read/ });
});
