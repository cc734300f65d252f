// Words of a command line to params, through scanning and assembling.
import t from 'tap';
import * as z from 'zod';
import { assemble } from '#src/cli/argv/assemble.js';
import { flagsOf } from '#src/cli/argv/flag.js';
import { scan } from '#src/cli/argv/scan.js';
import { fieldsOf } from '#src/cli/argv/shape.js';
import { UsageFault } from '#src/cli/fault.js';
import { isMethodName, methods } from '#src/rpc/methods/index.js';

const read = (
  params: z.ZodType,
  words: readonly string[],
  positional: readonly string[] = [],
): Record<string, unknown> => {
  const fields = fieldsOf(params);
  return assemble(scan(words, flagsOf(fields)), { fields, positional }, '/here').params;
};
const readMethod = (name: string, words: readonly string[]): Record<string, unknown> => {
  if (!isMethodName(name)) throw new Error(`no method ${name}`);
  return read(methods[name].params, words, methods[name].positional);
};

t.test('words that look like numbers, flags or booleans stay the text they are', async (t) => {
  for (const text of ['123', '0x10', '1e3', '-1', '-x', '-', '1+1', 'true', 'null', '007', '', ' 1 ']) {
    t.strictSame(readMethod('exec.repl', ['s', text]), { session: 's', code: text });
    if (!text.startsWith('-')) {
      t.strictSame(readMethod('exec.repl', ['123', '--filename', text, '1']), {
        session: '123',
        code: '1',
        filename: text,
      });
    }
  }
});

t.test('words that every object has as names are words like any other', async (t) => {
  for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf']) {
    t.strictSame(readMethod('lib.add', [word]), { spec: word });
    t.throws(() => readMethod('lib.add', ['x', `--${word}`, 'y']), UsageFault, `--${word} is no flag`);
  }
});

t.test('after "--" everything is an argument', async (t) => {
  t.strictSame(readMethod('exec.repl', ['s', '--', '--x']), { session: 's', code: '--x' });
  t.strictSame(readMethod('exec.runFile', ['s', 'a.js', '--', '--json', '-v']), {
    session: 's',
    path: 'a.js',
    args: ['--json', '-v'],
  });
});

t.test('the value of a flag may begin with a dash, but may not be another flag', async (t) => {
  t.strictSame(readMethod('exec.repl', ['s', '1', '--filename', '-1']).filename, '-1');
  t.throws(() => readMethod('exec.repl', ['s', '1', '--filename', '--stream']), {
    message: '--filename needs a value',
  });
  t.throws(() => readMethod('exec.repl', ['s', '1', '--filename']), { message: '--filename needs a value' });
});

t.test('flags are written in kebab case or as on the wire, with "=" or a blank', async (t) => {
  for (const words of [['--timeout-ms', '5'], ['--timeoutMs=5'], ['--timeout-ms=5']]) {
    t.strictSame(readMethod('exec.repl', ['s', '1', ...words]).timeoutMs, 5);
  }
  t.strictSame(readMethod('exec.repl', ['s', '1', '--filename=a=b']).filename, 'a=b');
});

t.test('objects are dotted, JSON, or both', async (t) => {
  const limits = { cpuMs: 100, memMb: 64 };
  for (const words of [
    ['--limits.cpuMs', '100', '--limits.mem-mb', '64'],
    ['--limits', '{"cpuMs":100,"memMb":64}'],
    ['--limits', '{"cpuMs":100}', '--limits.memMb=64'],
    ['--limits.memMb=64', '--limits', '{"cpuMs":100}'],
  ]) {
    t.same(readMethod('template.create', words).limits, limits, words.join(' '));
  }
  t.throws(() => readMethod('template.create', ['--limits', '{cpu']), { message: /--limits: expected JSON/ });
  t.throws(() => readMethod('template.create', ['--limits', '5']), { message: /expected a JSON object/ });
});

t.test('lists are repeated, joined by commas, or JSON', async (t) => {
  for (const words of [
    ['--libraries', 'a,b'],
    ['--libraries', 'a', '--libraries=b'],
    ['--libraries', '["a","b"]'],
  ]) {
    t.strictSame(readMethod('template.create', words).libraries, ['a', 'b'], words.join(' '));
  }
  const capability = '{"kind":"module","name":"fs"}';
  t.strictSame(readMethod('template.create', ['--capabilities', capability, '--capabilities', capability]), {
    capabilities: [JSON.parse(capability), JSON.parse(capability)],
  });
});

t.test('maps are KEY=VALUE repeated, dotted, or JSON', async (t) => {
  const env = { A: '1', B: 'x=y' };
  t.same(readMethod('template.create', ['--env', 'A=1', '--env', 'B=x=y']).env, env);
  t.same(readMethod('template.create', ['--env.A', '1', '--env.B=x=y']).env, env);
  t.same(readMethod('template.create', ['--env', '{"A":"1"}', '--env', 'B=x=y']).env, env);
  t.throws(() => readMethod('template.create', ['--env', 'A']), { message: /expected KEY=VALUE/ });
  t.same(readMethod('template.addCapability', ['t', 'module', 'fs', '--config', 'write=true']).config, {
    write: true,
  });
});

t.test('the name __proto__ is a key like any other', async (t) => {
  const { env } = readMethod('template.create', ['--env', '__proto__=x', '--env', 'A=1']);
  t.ok(Object.hasOwn(Object(env), '__proto__'));
  t.equal(Object.getPrototypeOf(env), Object.prototype);
});

t.test('booleans are switched on, off, or said', async (t) => {
  const values = [['--enabled'], ['--no-enabled'], ['--enabled=false'], ['--enabled=true']].map(
    (words) => readMethod('template.addCapability', ['t', 'module', 'fs', ...words]).enabled,
  );
  t.strictSame(values, [true, false, false, true]);
  t.strictSame(readMethod('template.create', ['--no-runtime.console']), { runtime: { console: false } });
  t.throws(() => readMethod('template.addCapability', ['t', 'module', 'fs', '--enabled=1']), {
    message: '--enabled: expected true or false, got "1"',
  });
});

t.test('paths are made absolute', async (t) => {
  t.strictSame(readMethod('session.create', ['--worktree', 'a/../b']), { worktree: '/here/b' });
});

t.test('positionals can be given as flags', async (t) => {
  t.strictSame(readMethod('exec.repl', ['--session', 's', '1']), { session: 's', code: '1' });
  t.strictSame(readMethod('exec.repl', ['--code', '1', 's']), { session: 's', code: '1' });
});

t.test('wrong usage is said with what would be right', async (t) => {
  const faults: [string, string[], RegExp][] = [
    ['exec.repl', ['s'], /^missing CODE$/],
    ['exec.repl', ['s', '1', '2'], /^unexpected argument "2"$/],
    [
      'exec.repl',
      ['s', '1', '--timout-ms', '1'],
      /^unknown flag --timout-ms; did you mean "--timeout-ms"\?$/,
    ],
    ['exec.repl', ['s', '--zzzzzzzzzz'], /^unknown flag --zzzzzzzzzz; write "--" before/],
    ['exec.repl', ['s', '1', '--timeout-ms', '1x'], /^--timeout-ms: expected a number, got "1x"$/],
    ['exec.repl', ['s', '1', '--if-busy', 'no'], /^--if-busy: expected reject, wait, got "no"$/],
    ['exec.repl', ['s', '1', '--filename', 'a', '--filename', 'b'], /^--filename was given twice$/],
  ];
  for (const [name, words, message] of faults) {
    try {
      readMethod(name, words);
      t.fail(words.join(' '));
    } catch (error) {
      t.type(error, UsageFault);
      t.match(error, { message });
    }
  }
});

t.test('every method of the table has flags that can be told apart', async (t) => {
  for (const [name, { params, positional = [] }] of Object.entries(methods)) {
    const fields = fieldsOf(params);
    const flags = flagsOf(fields).map((flag) => flag.name);
    t.equal(new Set(flags).size, flags.length, name);
    t.ok(
      positional.every((word) => fields.has(word)),
      `${name}: its positionals are params`,
    );
    for (const global of ['json', 'socket', 'start', 'help', 'version', 'color']) {
      t.notOk(flags.includes(global), `${name} has no flag --${global} of its own`);
    }
  }
});

t.test('a letter stands for the flag that claims it, and for no other', async (t) => {
  const params = z.strictObject({
    follow: z.boolean().optional().meta({ short: 'f' }),
    lines: z.int().optional().meta({ short: 'n' }),
    text: z.string().optional(),
  });
  t.strictSame(read(params, ['-f', '-n', '5']), { follow: true, lines: 5 });
  t.strictSame(read(params, ['-x'], ['text']), { text: '-x' });
  t.strictSame(read(params, ['--', '-f'], ['text']), { text: '-f' });
  t.throws(() => read(params, ['-n', '-f']), { message: /--lines needs a value/ });
});
