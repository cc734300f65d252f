// Libraries in a service that has no network and its own /tmp: the CLI fetches for it.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { home, installed, type Machine } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';

/** A registry on the machine's loopback, with the package `pad`. */
const registry = `
  import { TestRegistry } from '${installed}/dist-test/fixtures/registry.js';
  const registry = await TestRegistry.open({ teardown: () => {} });
  const code = 'exports.pad = (text, n) => text.padStart(n)';
  registry.publish({ name: 'pad', version: '1.2.3', files: { 'index.js': code } });
  console.log(registry.url);`;

/** Starts it, and answers its address. */
async function startRegistry(t: Test, machine: Machine): Promise<string> {
  const child = machine.spawn(['node', '--input-type=module', '-e', registry]);
  t.teardown(() => void child.kill());
  const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return url.trim();
}

for (const userNamespaces of [true, false]) {
  const where = userNamespaces ? 'in its sandbox' : 'on a host without user namespaces';
  const { service, skip } = await installService(t, { userNamespaces });
  const { machine } = service;

  t.test(`the service gets packages ${where}`, { skip }, async (t) => {
    await service.write(`${home}/.npmrc`, `registry=${await startRegistry(t, machine)}\nnoproxy=127.0.0.1\n`);
    t.match(await machine.run('vmsys lib add pad'), { status: 0, stderr: '', stdout: /^pad@1\.2\.3 / });
    await machine.sh('vmsys template add-library default pad');
    t.equal(await machine.sh(`vmsys eval 'pad.pad("x", 3)'`), "'  x'");
    t.match(await machine.run('vmsys lib verify'), { status: 0 });
  });

  t.test(`the service gets files that only its user sees ${where}`, { skip }, async (t) => {
    await machine.sh(`echo 'exports.n = 41' >/tmp/mine.js`);
    const added = await machine.run('vmsys lib add /tmp/mine.js');
    t.match(added, { status: 0, stdout: /^mine@local / });
    // Without user namespaces there is no /tmp of its own.
    t.equal(/the daemon does not see/.test(added.stderr), userNamespaces, added.stderr);
    await machine.sh('vmsys template add-library default mine');
    t.equal(await machine.sh(`vmsys eval 'mine.n + 1'`), '42');
  });
}
