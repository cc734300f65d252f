// Lines one at a time, and none while held back.
import { PassThrough } from 'node:stream';
import t from 'tap';
import fc from 'fast-check';
import { InputGate, type GateSource } from '#src/cli/repl/input-gate.js';
import { until } from '../../fixtures/until.js';

/** A gate whose reader takes a line, holds, and releases in a later turn: as a prompt that runs code. */
function readSlowly(source: GateSource): { lines: string[]; ended: Promise<void> } {
  const gate = new InputGate(source, () => undefined);
  const lines: string[] = [];
  let isBusy = false;
  gate.on('data', (line: Buffer) => {
    if (isBusy) lines.push('TOO EARLY');
    lines.push(line.toString());
    isBusy = true;
    gate.hold();
    setImmediate(() => {
      isBusy = false;
      gate.release();
    });
  });
  return { lines, ended: new Promise((resolve) => gate.once('end', resolve)) };
}

t.test('a pipe arrives line by line however it is cut, the last line complete', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'é', '\n', '\r\n', 'line\n'), { maxLength: 20 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.nat(5), async (text, size) => {
      const source = new PassThrough();
      const { lines, ended } = readSlowly(source);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size + 1) source.write(bytes.subarray(at, at + size + 1));
      source.end();
      await ended;
      const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
      if (lines.join('') !== whole || lines.some((line) => line === 'TOO EARLY'))
        throw new Error(lines.join('|'));
    }),
    { numRuns: 50 },
  );
});

t.test('nothing is given before someone reads, and a large pipe waits', async (t) => {
  const source = new PassThrough();
  const gate = new InputGate(source, () => undefined);
  const line = `${'x'.repeat(9_999)}\n`;
  let written = 0;
  const feed = (): void => {
    while (written < 1000) {
      written += 1;
      if (!source.write(line)) return void source.once('drain', feed);
    }
    source.end();
  };
  feed();
  t.equal(gate.readableLength, 0);
  await until('the gate to wait', () => source.isPaused());
  t.ok(written < 1000, `${written} lines were taken`);
  let bytes = 0;
  for await (const chunk of gate) bytes += Buffer.from(chunk).length;
  t.equal(bytes, 1000 * line.length);
});

t.test('Ctrl-C on a terminal interrupts what runs and drops what was typed ahead', async (t) => {
  const source: GateSource = Object.assign(new PassThrough(), { isTTY: true });
  let interrupts = 0;
  const gate = new InputGate(source, () => (interrupts += 1));
  const given: string[] = [];
  gate.on('data', (chunk: Buffer) => given.push(chunk.toString()));
  gate.hold();
  source.push('typed ahead\r\u0003after\r');
  await until('the interrupt', () => interrupts === 1);
  t.strictSame(given, []);
  gate.release();
  await until('the rest', () => given.length === 1);
  source.push('\u0003');
  await until('a Ctrl-C of the prompt’s own', () => given.length === 2);
  t.strictSame(given, ['after\r', '\u0003']);
  t.equal(interrupts, 1);
});
