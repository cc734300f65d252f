// Bytes to messages and back: the laws hold for any messages, any cuts, any garbage.
import fc from 'fast-check';
import t from 'tap';
import { Decoder, encode, type Framing } from '#src/rpc/framing.js';

const framings: Framing[] = ['lines', 'headers'];

/** Decodes `bytes` cut at these places; answers texts, and the fault. */
function decode(bytes: Buffer, cuts: number[] = [], options: { maxMessageBytes?: number } = {}) {
  const decoder = new Decoder(options);
  const messages: string[] = [];
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    messages.push(...decoder.push(Buffer.from(bytes.subarray(from, to))).map(String));
    from = to;
  }
  messages.push(...decoder.end().map(String));
  return { messages, fault: decoder.fault, framing: decoder.framing };
}

const jsonTexts = fc.array(
  fc.oneof(fc.object(), fc.array(fc.jsonValue())).map((value) => JSON.stringify(value)),
);

t.test('what is encoded is decoded, in both framings and however it is cut', async (t) => {
  for (const framing of framings) {
    fc.assert(
      fc.property(jsonTexts, fc.array(fc.nat()), (texts, cuts) => {
        const bytes = Buffer.concat(texts.map((text) => encode(framing, text)));
        const { messages, fault } = decode(bytes, cuts);
        return fault === undefined && JSON.stringify(messages) === JSON.stringify(texts);
      }),
    );
  }
  t.pass();
});

t.test('garbage gives messages or one fault, the same however it is cut', async (t) => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(
        fc.constantFrom(
          '{',
          '[',
          '}',
          '\r\n',
          '\n',
          'Content-Length: ',
          '5',
          '-1',
          ':',
          ' ',
          'x',
          '{"a":1}',
          '\0',
          '9',
        ),
        { maxLength: 40 },
      )
      .map((parts) => Buffer.from(parts.join(''))),
  );
  fc.assert(
    fc.property(garbage, fc.array(fc.nat()), (bytes, cuts) => {
      const limits = { maxMessageBytes: 64 };
      const whole = decode(bytes, [], limits);
      const cut = decode(bytes, cuts, limits);
      return (
        JSON.stringify(whole.messages) === JSON.stringify(cut.messages) &&
        whole.fault?.code === cut.fault?.code
      );
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

t.test('the first byte decides the framing, blank space before it does not', async (t) => {
  t.equal(decode(Buffer.from('{}\n')).framing, 'lines');
  t.equal(decode(Buffer.from('\r\n  [1]\n')).framing, 'lines');
  t.equal(decode(Buffer.from('\r\nContent-Length: 2\r\n\r\n{}')).framing, 'headers');
  t.equal(decode(Buffer.from('hello\n')).framing, undefined);
});

t.test('lines may end in CRLF, be blank, or lack the last line end', async (t) => {
  t.strictSame(decode(Buffer.from('{"a":1}\r\n\n  \n{"b":2}')).messages, ['{"a":1}', '{"b":2}']);
});

t.test('a line that is no JSON is still a message: the next one is not lost', async (t) => {
  t.strictSame(decode(Buffer.from('{oops\nnope\n{}\n')).messages, ['{oops', 'nope', '{}']);
});

t.test('headers: any case, with a Content-Type, in any order', async (t) => {
  const type = 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n';
  t.strictSame(decode(Buffer.from(`content-length:2\r\n${type}\r\n{}`)).messages, ['{}']);
  t.strictSame(decode(Buffer.from(`${type}Content-Length: 2\r\n\r\n{}`)).messages, ['{}']);
});

t.test('a header block that does not say one good length is a fault', async (t) => {
  const faults = {
    'GET / HTTP/1.1\r\n\r\n': /Content-Length: 42/,
    '\0\x01\x02\n': /Content-Length: 42/,
    'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}': /more than one/,
    'Content-Length: -2\r\n\r\n{}': /expected a number of bytes, got "-2"/,
    'Content-Length: 2 bytes\r\n\r\n{}': /expected a number/,
    'Content-Length: 0x2\r\n\r\n{}': /expected a number/,
    'Content-Length:\r\n\r\n{}': /expected a number/,
    'Content-Type: text/plain\r\n\r\n{}': /no Content-Length/,
    'Content-Type: text/plain; charset=latin1\r\n': /charset utf-8/,
    'Content-Length: 2\r\n\r\n{}{"a":1}\n': /Content-Length: 42/,
    'Content-Length: 20\r\n\r\n{}': /ended in the middle/,
    'Content-Le': /ended in the middle/,
  };
  for (const [bytes, message] of Object.entries(faults)) {
    t.match(decode(Buffer.from(bytes, 'latin1')).fault, { code: 'PARSE_ERROR', message }, bytes);
  }
});

t.test('after a fault nothing more is decoded', async (t) => {
  const decoder = new Decoder();
  t.strictSame(decoder.push(Buffer.from('nonsense\n{}\n')), []);
  t.strictSame(decoder.push(Buffer.from('{}\n')), []);
  t.strictSame(decoder.end(), []);
});

t.test('a message at the limit passes, one over it is a fault before it has arrived', async (t) => {
  const max = { maxMessageBytes: 10 };
  for (const framing of framings) {
    t.strictSame(decode(encode(framing, '{"a":1234}'), [], max).messages, ['{"a":1234}']);
  }
  const decoder = new Decoder(max);
  decoder.push(Buffer.from('{"a":123456789'));
  t.equal(decoder.fault?.code, 'MESSAGE_TOO_LARGE');
  t.equal(decode(Buffer.from('Content-Length: 11\r\n'), [], max).fault?.code, 'MESSAGE_TOO_LARGE');
  t.equal(
    decode(Buffer.from(`Content-Length: ${'9'.repeat(400)}\r\n`), [], max).fault?.code,
    'MESSAGE_TOO_LARGE',
  );
});

t.test('a header block without end is a fault', async (t) => {
  t.match(decode(Buffer.from('A'.repeat(9000))).fault, { message: /header block is over/ });
  t.match(decode(Buffer.from('A: b\r\n'.repeat(2000))).fault, { message: /header block is over/ });
});

t.test('many tiny chunks cost no more than few large ones, within reason', async (t) => {
  const text = `{"code":"${'x'.repeat(2_000_000)}"}`;
  for (const framing of framings) {
    const bytes = encode(framing, text);
    const decoder = new Decoder();
    const messages: Buffer[] = [];
    const startedAt = performance.now();
    for (let at = 0; at < bytes.length; at += 7) messages.push(...decoder.push(bytes.subarray(at, at + 7)));
    t.equal(messages.length, 1);
    t.equal(String(messages[0]), text);
    // Quadratic time would take minutes here.
    t.ok(performance.now() - startedAt < 10_000);
  }
});
