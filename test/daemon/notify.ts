// What the daemon tells systemd over its life, as a receiver in systemd's place hears it.
import { join } from 'node:path';
import t from 'tap';
import { startDaemon } from '../fixtures/daemon.js';
import { noReceiver, receiveNotifications } from '../fixtures/notify-receiver.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

t.test(
  'it tells that it is ready, reads settings anew, stops, and needs longer for that',
  { skip: noReceiver },
  async (t) => {
    const path = join(tempFolder(t), 'n');
    const received = await receiveNotifications(t, path);
    const daemon = await startDaemon(t, { env: { NOTIFY_SOCKET: path } });
    const own = (text: string): string => `${daemon.child.pid} '${text}'`;
    const isStatus = (line: string): boolean => line.includes("'STATUS=");
    const told = (): string[] => received.filter((line) => !isStatus(line));
    await until('readiness', () => told().includes(own('READY=1')));

    const before = told().length;
    await daemon.call('system.reload');
    await until('the reload', () => told().length === before + 2);
    t.match(told().slice(before), [/'RELOADING=1\\nMONOTONIC_USEC=[1-9]\d*'$/, own('READY=1')]);

    const client = await daemon.connect();
    const { id: session } = await client.call('session.create', {});
    client.send('exec.repl', { session, code: 'await new Promise(() => setTimeout(() => {}, 1e9))' });
    await until('the execution', async () => {
      const { executions } = await daemon.call<{ executions: { running: number } }>('system.summary');
      return executions.running === 1;
    });
    const running = told().length;
    daemon.child.kill('SIGTERM');
    await until('a request for time', () => told().length >= running + 2);
    t.match(told().slice(running, running + 2), [
      own(String.raw`STOPPING=1\nSTATUS=stopping`),
      own('EXTEND_TIMEOUT_USEC=10000000'),
    ]);
    client.close();
    t.match(await daemon.exited, { code: 0 });
  },
);
