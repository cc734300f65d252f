// Where paths really lead, those of what is not there among them.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { realPath, realPaths } from '#src/runtime/capabilities/fs/reach.js';
import { tempFolder } from '../../../fixtures/temp.js';

t.test('what exists of a path is made real, the rest is as written', async (t) => {
  const folder = realpathSync(tempFolder(t));
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  writeFileSync(join(folder, 'a', 'file'), '');
  for (const [name, target] of Object.entries({ link: 'a', again: 'link/b', none: 'nothing', loop: 'loop' }))
    symlinkSync(target, join(folder, name));
  for (const [path, real] of Object.entries({
    'a/b': 'a/b',
    'link/b': 'a/b',
    'link/b/x/y': 'a/b/x/y',
    again: 'a/b',
    'again/../x': 'x',
    'none/x': 'none/x',
    'loop/x': 'loop/x',
    'a/file/x': 'a/file/x',
  }))
    t.equal(realPath(join(folder, path)), join(folder, real), path);
  t.equal(realPath('/'), '/');
});

t.test('for many paths each name is looked at once, and nothing behind one that is missing', async (t) => {
  const folder = realpathSync(tempFolder(t));
  const deep = join(folder, ...Array.from({ length: 400 }, () => 'd'));
  mkdirSync(deep, { recursive: true });
  const find = realPaths();
  const startedAt = process.cpuUsage();
  for (let at = 0; at < 500; at++) find(join(deep, `x${at}`, 'y'));
  const long = join(deep, ...Array.from({ length: 400 }, () => 'm'));
  for (let at = 0; at < 200; at++) find(join(long, String(at)));
  t.ok(process.cpuUsage(startedAt).user < 2e6, 'CPU time, microseconds');
});
