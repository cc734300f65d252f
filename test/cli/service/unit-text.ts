import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import {
  bindWord,
  markUnit,
  readMark,
  readUnitWords,
  renderUnit,
  unitWord,
} from '#src/cli/service/unit-text.js';
import { tempFolder } from '../../fixtures/temp.js';

const contrib = fileURLToPath(new URL('../../../contrib/systemd/', import.meta.url));
const read = (name: string): string => readFileSync(join(contrib, name), 'utf8');
const usual = { stateDir: undefined, cacheDir: undefined, configHome: undefined };
const installation = (fields: object) => ({
  version: '1.2.3',
  node: '/usr/bin/node',
  root: '/usr/lib/node_modules/vmsysd',
  programs: [],
  ...fields,
});
const line = (text: string, start: string): string =>
  text.split('\n').find((candidate) => candidate.startsWith(start)) ?? '';

t.test('a word of a unit is read as it was written', async (t) => {
  const path = fc
    .string({ unit: 'grapheme' })
    .filter((text) => text !== '' && !/[\u0000-\u001f\u007f\u0080-\u00a0\u2000-\u3000]/.test(text));
  fc.assert(
    fc.property(fc.array(path), fc.boolean(), (words, dollars) => {
      const written = words.map((word) => unitWord(word, { dollars })).join(' ');
      const expected = dollars ? words : words.map((word) => word.replaceAll('$$', () => '$'));
      t.strictSame(readUnitWords(written), expected);
    }),
  );
});

t.test('specifiers, variables, quotes and spaces of a path mean themselves', async (t) => {
  t.equal(unitWord('/a/b'), '/a/b');
  t.equal(unitWord('/a b/100%'), '"/a b/100%%"');
  t.equal(unitWord('/a$b', { dollars: true }), '/a$$b');
  t.equal(unitWord('/a$b'), '/a$b');
  t.equal(unitWord('/a"b\\c'), String.raw`"/a\"b\\c"`);
  t.equal(bindWord('/a:b c'), String.raw`"/a\:b c"`);
  t.throws(() => unitWord('/a\nExecStart=/bin/evil'), { message: /control character/ });
});

t.test(
  'an installation under /usr leaves the units as they are, but for the list of its programs',
  async (t) => {
    for (const name of readdirSync(contrib)) {
      const rendered = renderUnit(read(name), installation({}), usual);
      t.equal(rendered, read(name).replaceAll(' /usr/bin/node /usr/lib/node_modules/vmsysd\n', '\n'), name);
    }
  },
);

t.test('every path of another installation is in its units', async (t) => {
  const other = installation({
    node: '/home/ann/.nvm/node 20/bin/node',
    root: '/srv/vm sysd',
    programs: ['/home/ann/.nvm/node 20/bin/node', '/srv/vm sysd'],
  });
  const folders = { stateDir: '/data/state $1', cacheDir: '/data/cache', configHome: '/data/config' };
  const service = renderUnit(read('vmsysd.service'), other, folders);
  t.equal(
    line(service, 'ExecStart='),
    'ExecStart="/home/ann/.nvm/node 20/bin/node" "/srv/vm sysd/bin/vmsysd.js" --state-dir "/data/state $$1" --cache-dir /data/cache',
  );
  t.equal(line(service, 'Environment='), 'Environment=XDG_CONFIG_HOME=/data/config');
  t.equal(line(service, 'ReadWritePaths='), 'ReadWritePaths="/data/state $1" /data/cache');
  t.equal(line(service, 'NoExecPaths='), 'NoExecPaths=/ /tmp /var/tmp "/data/state $1" /data/cache');
  const programs = '"/home/ann/.nvm/node 20/bin/node" "/srv/vm sysd"';
  t.match(line(service, 'ExecPaths='), new RegExp(`^ExecPaths=/usr .* ${programs}$`));
  t.equal(line(service, 'BindReadOnlyPaths='), `BindReadOnlyPaths=%t/systemd/notify ${programs}`);
  t.notMatch(service, /CacheDirectory/);
  const socket = renderUnit(read('vmsysd.socket'), other, folders);
  t.equal(line(socket, 'ExecStartPre='), 'ExecStartPre=mkdir -p -m 0700 "/data/state $$1" /data/cache');
  for (const name of ['vmsys-job@.service', 'vmsysd@.service']) {
    const unit = renderUnit(read(name), other, folders);
    t.match(
      line(unit, 'ExecStart='),
      /^ExecStart="\/home\/ann\/.nvm\/node 20\/bin\/node" "\/srv\/vm sysd\/bin\//,
    );
    t.notMatch(unit.replaceAll(/^#.*$/gm, ''), /\/usr\/(bin\/node|lib\/node_modules)/);
  }
});

t.test('a file of ours is known by its mark, and so is a change of it', async (t) => {
  const text = markUnit('[Unit]\nDescription=x\n', '1.2.3');
  t.match(readMark(text), { version: '1.2.3', intact: true });
  t.match(readMark(`${text}# mine\n`), { version: '1.2.3', intact: false });
  t.equal(readMark('[Unit]\nDescription=x\n'), undefined);
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

t.test(
  'systemd accepts units with strange paths',
  { skip: hasAnalyze ? false : 'no systemd-analyze' },
  async (t) => {
    const folder = tempFolder(t);
    const strange = join(folder, `a b$c%d"e`);
    mkdirSync(strange);
    const other = installation({ root: strange, programs: [strange] });
    for (const name of ['vmsysd.service', 'vmsysd.socket', 'vmsys-job@.service', 'vmsys-job@.timer']) {
      const text = renderUnit(read(name), other, {
        stateDir: strange,
        cacheDir: strange,
        configHome: strange,
      });
      writeFileSync(join(folder, name), markUnit(text, '1.2.3'));
    }
    const { status, stderr } = spawnSync(
      'systemd-analyze',
      [
        'verify',
        '--user',
        '--man=no',
        '--recursive-errors=yes',
        'vmsysd.service',
        'vmsysd.socket',
        'vmsys-job@a.service',
        'vmsys-job@a.timer',
      ],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: folder } },
    );
    t.match({ status, stderr }, { status: 0, stderr: '' });
  },
);
