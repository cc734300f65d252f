// Commands to paste into a shell.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { grantCommand, shellWord } from '#src/records/index.js';

t.test('any text is one word of a shell, and means itself', async (t) => {
  const text = fc.string({ unit: 'binary' }).filter((word) => !word.includes('\0'));
  const words = fc.sample(text, 200).concat('~', '~/x', '', "'", '$(x)', '-n', '*');
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
  t.strictSame(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0'), [...words, '']);
});

t.test('a command names what is granted, and its configuration where there is one', async (t) => {
  t.equal(grantCommand('x', { kind: 'env', name: 'HOME' }), 'vmsys template add-capability x env HOME');
  t.equal(
    grantCommand('x', { kind: 'fs', name: "~/it's", config: { write: true } }),
    `vmsys template add-capability x fs '~/it'\\''s' --config '{"write":true}'`,
  );
});
