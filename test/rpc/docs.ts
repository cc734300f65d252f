// docs/protocol.md says what the built method table says, and its examples are true.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { errorTable, isErrorCode } from '#src/rpc/errors.js';
import { isMethodName, methods } from '#src/rpc/methods/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/protocol.md`, 'utf8');

t.test('the generated pages are up to date', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: root });
  t.equal(String(stderr), '');
  t.equal(status, 0);
});

t.test('every method and every error has its place', async (t) => {
  for (const name of Object.keys(methods)) t.match(page, `### ${name}\n`);
  for (const name of Object.keys(errorTable)) t.match(page, `\`${name}\``);
});

t.test('the requests of the example are valid, its replies too', async (t) => {
  const lines = [...page.matchAll(/```json\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  t.ok(lines.length >= 4);
  for (const line of lines) {
    const message = JSON.parse(line) as Record<string, unknown>;
    t.equal(message['jsonrpc'], '2.0');
    if (typeof message['method'] === 'string' && isMethodName(message['method'])) {
      t.ok(methods[message['method']].params.safeParse(message['params']).success, line);
    } else if (message['error'] !== undefined) {
      const { code, data } = message['error'] as { code: number; data: { code: string } };
      t.ok(isErrorCode(data.code) && errorTable[data.code].number === code, line);
    } else {
      t.ok(methods['exec.repl'].result.safeParse(complete(message['result'])).success, line);
    }
  }
});

/** The example leaves out what every execution has alike. */
const complete = (result: unknown) => ({
  startedAt: '2026-01-01T00:00:00.000Z',
  metrics: { cpuMs: 0, events: 0, outputBytes: 0, memoryBytes: 0 },
  ...(result as object),
});
