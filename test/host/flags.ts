import t from 'tap';
import { StartError } from '#src/host/errors.js';
import { parseFlags, usage } from '#src/host/flags.js';

t.test('every flag of the usage is understood', async (t) => {
  const argv = ['--socket', '/s', '--state-dir=/d', '--cache-dir', '/c', '--log-level', 'debug'];
  t.strictSame(
    parseFlags([...argv, '--log-format', 'json', '--config', '/f', '--idle-exit', '9', '--peers=group']),
    {
      socket: '/s',
      stateDir: '/d',
      cacheDir: '/c',
      logLevel: 'debug',
      logFormat: 'json',
      config: '/f',
      idleExit: '9',
      peers: 'group',
      help: false,
      version: false,
    },
  );
  const named = [...usage.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1] ?? '');
  t.ok(named.length >= 6);
  for (const name of named.filter((flag) => flag !== 'help')) {
    t.doesNotThrow(() => parseFlags([`--${name}`, 'x']), `--${name} is in the usage`);
  }
  t.equal(parseFlags(['-h']).help, true);
  t.equal(parseFlags(['--version']).version, true);
});

t.test('what is not a flag is refused with the way to the usage', async (t) => {
  for (const argv of [['--sokcet', '/s'], ['/s'], ['--socket'], ['--help=1']]) {
    try {
      parseFlags(argv);
      t.fail(`${argv.join(' ')} was taken`);
    } catch (error) {
      t.ok(error instanceof StartError && error.exitStatus === 2, argv.join(' '));
      t.match(String(error), /vmsysd --help/);
    }
  }
});
