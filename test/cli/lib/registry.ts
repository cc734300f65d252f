// The one test of the wire that asks npm’s own registry: the whole way from a name to a session. Skipped without one.
import t from 'tap';
import { runCli } from '../../fixtures/cli.js';
import { tempFolder } from '../../fixtures/temp.js';

/** How this machine reaches the registry: its proxy, its certificates, its npm configuration. */
const reach = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    /^(npm_config_|(https?|no)_proxy$|NODE_EXTRA_CA_CERTS$)/i.test(name) && value !== undefined
      ? [[name, value]]
      : [],
  ),
);

t.test('packages of npm are added by name and used in a session', async (t) => {
  const home = tempFolder(t);
  const run = (...args: string[]) => runCli(t, args, { home, env: { ...reach, VMSYS_NO_START: '' } });
  t.teardown(() => run('system', 'shutdown'));
  const added = await run('lib', 'add', 'dayjs', 'ms@2.1.3');
  if (/does not answer|"offline"/.test(added.stderr)) return t.pass('no registry answers', { skip: true });
  t.match(added, { code: 0, stdout: /^dayjs@1\.11\.10 .*\n(.*\n)*.*import dayjs from 'dayjs'\n/ });
  for (const name of ['dayjs', 'ms']) await run('template', 'add-library', 'default', name);
  t.match(await run('eval', 'dayjs(0).add(1, "day").toISOString() + require("ms")("2 days")'), {
    code: 0,
    stdout: "'1970-01-02T00:00:00.000Z172800000'\n",
  });
  t.match(
    (await run('lib', 'list')).stdout,
    /^dayjs@1\.11\.10 +dayjs +script +\S+ \S+ +default +npm:dayjs@1\.11\.10 /m,
  );
  t.match(await run('lib', 'add', 'this-package-should-not-exist-7f3a'), {
    code: 5,
    stderr: /no such package/,
  });
  return undefined;
});
