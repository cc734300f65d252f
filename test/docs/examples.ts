// The example programs run as they are, and print what their readers are told.
import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { docShell, root } from '../fixtures/docs.js';

const missing = ['socat', 'jq'].filter((program) => spawnSync(program, ['-h']).error !== undefined);
const skip = missing.length === 0 ? false : `not installed: ${missing.join(', ')}`;

/** What a program prints, with a daemon at hand. */
async function linesOf(t: Test, command: string): Promise<string[]> {
  const { status, output } = await docShell(t).run(`vmsys system health >/dev/null; ${command}`);
  t.equal(status, 0, `${command} succeeds`, status === 0 ? {} : { output });
  return output.split('\n');
}

t.test('the runtime is embedded without a daemon', async (t) => {
  t.strictSame(await linesOf(t, `node ${root}examples/embed.mjs`), [
    'session: ready live',
    'event: 1 input_echo',
    'event: 2 console',
    'event: 3 value',
    'first: ok 1',
    'endless: timeout kept - wall time limit of 500 ms exceeded',
    'cancelled: cancelled',
    'hibernated: hibernated 1',
    'woken: true',
    'refused: SESSION_NOT_FOUND - session "nobody" does not exist',
    'recorded: ok cancelled timeout ok',
  ]);
});

t.test('the runtime is embedded with libraries', async (t) => {
  t.strictSame(await linesOf(t, `node ${root}examples/libraries.mjs`), [
    'step: resolve',
    'step: bundle',
    'step: check',
    'step: store',
    'added: greet@local greet greet',
    'first: Hello you',
    'second: Good morning you',
    "first: Hello you [ 'changed' ]",
    'refused: FILE_NOT_FOUND',
  ]);
});

t.test('the engine is used as node:vm is', async (t) => {
  t.strictSame(await linesOf(t, `node ${root}examples/engine.mjs`), [
    'context: true false',
    'sum: 50',
    'guest log: ready',
    'visits: 2',
    'new context: 42',
    'promise: { done: true }',
    'outside: undefined',
    'caught: Error - Script execution timed out after 100ms',
    "caught: TypeError - cannot read property 'name' of undefined",
    'caught: TypeError - a value of type function cannot leave its context: return what JSON can say',
    'still there: 2',
  ]);
});

t.test('a shell script is a client, with socat and jq', { skip }, async (t) => {
  const lines = await linesOf(t, 'sh ../clients/shell.sh && vmsys session list');
  t.strictSame(lines, ['ok', '[3,5,5,3]', 'error', "cannot read property 'at' of undefined"]);
});

t.test('vscode-jsonrpc is a client, as it is', async (t) => {
  const lines = await linesOf(t, `node ${root}examples/clients/editor.mjs && vmsys session list`);
  t.strictSame(lines, [
    'log: hello',
    "Map(1) { 'answer' => 42 }",
    'log: running',
    'REQUEST_CANCELLED (-32800)',
    '2',
  ]);
});
