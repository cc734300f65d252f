import { fstatSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findLogTarget } from '#src/host/log-target.js';
import { tempFolder } from '../fixtures/temp.js';

t.test('a descriptor is the journal’s only where the numbers are its own', async (t) => {
  const path = join(tempFolder(t), 'log');
  const file = openSync(path, 'w');
  const { dev, ino } = fstatSync(file, { bigint: true });
  t.strictSame(findLogTarget(file, `${dev}:${ino}`), { kind: 'journal' });
  t.strictSame(findLogTarget(file, `${dev}:${ino + 1n}`), { kind: 'file', path });
  t.strictSame(findLogTarget(file, undefined), { kind: 'file', path });
  closeSync(file);
  t.strictSame(findLogTarget(file, undefined), { kind: 'stderr' });
  const device = openSync('/dev/null', 'w');
  t.teardown(() => closeSync(device));
  t.strictSame(findLogTarget(device, undefined), { kind: 'stderr' });
});
