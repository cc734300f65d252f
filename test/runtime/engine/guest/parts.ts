// The globals that load at their first use: they load once, leave nothing behind, and do what their standards say.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();

t.test('a part loads at its first use, once, and its globals become plain', async (t) => {
  const fresh = await Guest.boot();
  const own = 'Object.getOwnPropertyNames(globalThis).length';
  const before = fresh.show(own).json;
  t.notOk(
    fresh.calls.some((call) => call.startsWith('source')),
    'nothing at boot',
  );
  for (const name of [
    'URL',
    'URLSearchParams',
    'TextDecoder',
    'structuredClone',
    'AbortSignal',
    'btoa',
    'URL',
  ]) {
    t.equal(fresh.show(`typeof ${name}`).json, 'function');
    t.strictSame(
      fresh.show(
        `const d = Object.getOwnPropertyDescriptor(globalThis, '${name}'); [d.writable, d.enumerable, d.configurable]`.replace(
          'const d',
          'var d',
        ),
      ).json,
      [true, false, true],
    );
  }
  t.strictSame(
    fresh.calls.filter((call) => call.startsWith('source')),
    ['source url', 'source encoding', 'source web'],
  );
  t.equal(
    fresh.show('delete globalThis.d, ' + own).json,
    Number(before) + 1,
    'nothing but the test’s own variable',
  );
  t.strictSame(fresh.show('Object.keys(globalThis)').json, ['d']);
});

t.test('a part does not load because it is asked about, or replaced', async (t) => {
  const fresh = await Guest.boot();
  fresh.show(
    `'URL' in globalThis; Object.getOwnPropertyDescriptor(globalThis, 'URL'); console.log(globalThis); URL = 1; 0`,
  );
  fresh.call('declare', '["TextDecoder"]', '[]');
  t.notOk(fresh.calls.some((call) => call.startsWith('source')));
});

t.test('a part loads whatever a script made of the built-ins it needs not', async (t) => {
  const fresh = await Guest.boot();
  fresh.show('JSON = null; console = null; eval = null; Object = globalThis.Object; 0');
  t.equal(fresh.show(`new URL('http://a/b').pathname`).json, '/b');
});

t.test('URL and URLSearchParams', async (t) => {
  const code = `const url = new URL('../p?q=1#h', 'https://user:pw@höst.example:8080/a/b/'); url.searchParams.append('ü', 'x y'); url.href`;
  t.equal(guest.show(code).json, 'https://user:pw@xn--hst-sna.example:8080/a/p?q=1&%C3%BC=x+y#h');
  t.match(
    guest.preview(`new URL('http://a/b?c=1')`),
    /^URL \{\n {2}href: 'http:\/\/a\/b\?c=1',[^]*searchParams: URLSearchParams \{ 'c' => '1' \},\n {2}hash: ''\n\}$/,
  );
  t.strictSame(guest.show(`[...new URLSearchParams('a=1&b=2&a=3')]`).json, [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ]);
  t.match(guest.fail(`new URL('nope')`), {
    name: 'TypeError',
    stack: /^TypeError: .*\n {4}at user\.js:1:8$/,
  });
  t.equal(guest.show(`URL.canParse('x:y')`).json, true);
});

t.test('structuredClone copies data, cycles and shared parts', async (t) => {
  const code = `const shared = { s: 1 };
    const original = { map: new Map([[shared, new Set([1n])]]), shared, date: new Date(5), re: /x/gi, list: [1, , 3],
      error: new RangeError('e', { cause: shared }), view: new Uint16Array([1, 2, 3]).subarray(1), boxed: Object('b') };
    original.self = original; globalThis.original = original; globalThis.copy = structuredClone(original); 0`;
  guest.show(code);
  t.equal(guest.preview('copy'), guest.preview('original'));
  const facts = `[copy.self === copy, copy !== original, [...copy.map.keys()][0] === copy.shared, copy.shared !== original.shared,
    copy.error instanceof RangeError, copy.error.cause === copy.shared, copy.error.stack === original.error.stack,
    1 in copy.list, copy.list.length, copy.map instanceof Map, copy.view.buffer.byteLength, Object.getPrototypeOf(copy) === Object.prototype]`;
  t.strictSame(guest.show(facts).json, [true, true, true, true, true, true, true, false, 3, true, 6, true]);
  t.strictSame(guest.show(`structuredClone(new (class A { x = 1; #y = 2; })())`), {
    type: 'object',
    preview: '{ x: 1 }',
    json: { x: 1 },
  });
  for (const value of [
    '() => {}',
    'Symbol()',
    '[Promise.resolve()]',
    'new WeakMap()',
    `new URL('a:b')`,
    '(function* () {})()',
  ]) {
    t.match(
      guest.fail(`structuredClone(${value})`),
      { name: 'DataCloneError', message: /cannot be cloned$/ },
      value,
    );
  }
  t.strictSame(
    guest.show(
      'const buffer = new ArrayBuffer(4); const moved = structuredClone({ buffer }, { transfer: [buffer] }); [buffer.byteLength, moved.buffer.byteLength]',
    ).json,
    [0, 4],
  );
});

t.test('base64', async (t) => {
  for (const text of ['', 'a', 'ab', 'abc', 'abcd', '\u00ff\u0000é']) {
    const encoded = Buffer.from(text, 'latin1').toString('base64');
    t.equal(guest.show(`btoa(${JSON.stringify(text)})`).json, encoded);
    t.equal(guest.show(`atob(${JSON.stringify(encoded)})`).json, text);
  }
  t.equal(guest.show(`atob(' YW Jj\\n')`).json, 'abc');
  t.equal(guest.show(`atob('YQ')`).json, 'a');
  for (const code of [`atob('a')`, `atob('YQ=')`, `atob('*')`, `btoa('€')`]) {
    t.match(guest.fail(code), { name: 'InvalidCharacterError' }, code);
  }
});

t.test('TextEncoder and TextDecoder', async (t) => {
  const text = 'aé€😀\u0000';
  t.strictSame(guest.show(`[...new TextEncoder().encode(${JSON.stringify(text)})]`).json, [
    ...Buffer.from(text),
  ]);
  t.equal(
    guest.show(`new TextDecoder().decode(new Uint8Array(${JSON.stringify([...Buffer.from(text)])}))`).json,
    text,
  );
  t.equal(
    guest.show(`new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 65, 0xff]))`).json,
    'A\ufffd',
  );
  t.equal(
    guest.show(`new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 65]))`)
      .json,
    '\ufeffA',
  );
  t.match(
    guest.fail(`new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff]))`).name,
    'TypeError',
  );
  t.equal(
    guest.show(
      `const d = new TextDecoder(); d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac]))`,
    ).json,
    '€',
  );
  t.equal(
    guest.show(`new TextDecoder('utf-16le').decode(new Uint8Array([0x3d, 0xd8, 0x00, 0xde]))`).json,
    '😀',
  );
  t.equal(guest.show(`new TextDecoder('latin1').decode(new Uint8Array([0xe9, 0x80]))`).json, 'é€');
  t.strictSame(
    guest.show(
      `const { read, written } = new TextEncoder().encodeInto('a€', new Uint8Array(3)); [read, written]`,
    ).json,
    [1, 1],
  );
});

t.test('events and abort signals', async (t) => {
  const code = `globalThis.seen = []; const target = new EventTarget(); const f = (e) => seen.push(e.type);
    target.addEventListener('a', f); target.addEventListener('a', f); target.addEventListener('a', { handleEvent(e) { seen.push(e.target === target); } }, { once: true });
    target.addEventListener('a', () => { throw new Error('listener'); });
    target.addEventListener('stop', (e) => e.stopImmediatePropagation()); target.addEventListener('stop', f);
    target.addEventListener('c', (e) => e.preventDefault());
    target.dispatchEvent(new Event('a')); target.dispatchEvent(new CustomEvent('a', { detail: 1 })); target.dispatchEvent(new Event('stop'));
    target.removeEventListener('a', f); target.dispatchEvent(new Event('a'));
    seen.push(target.dispatchEvent(new Event('c')), target.dispatchEvent(new Event('c', { cancelable: true }))); seen`;
  t.strictSame(guest.show(code).json, ['a', true, 'a', true, false]);
  t.equal(guest.call('oneShots'), 3, 'what listeners throw is uncaught');
  guest.call('clearTimers');
  const abort = `const c = new AbortController(); const heard = []; c.signal.addEventListener('abort', () => heard.push(c.signal.reason.name));
    c.signal.onabort = () => heard.push('on'); const any = AbortSignal.any([c.signal, new AbortController().signal]); c.abort(); c.abort(1);
    [heard, c.signal.aborted, any.aborted, any.reason === c.signal.reason, AbortSignal.abort('why').reason]`;
  t.strictSame(guest.show(abort).json, [['AbortError', 'on'], true, true, true, 'why']);
  t.match(guest.fail(`AbortSignal.abort().throwIfAborted()`), {
    name: 'AbortError',
    stack: /^DOMException \[AbortError\]: This operation was aborted\n {4}at user\.js:1:\d+$/,
  });
  guest.show(`globalThis.late = AbortSignal.timeout(0); 0`);
  for (let due = guest.call('nextTimer'); due !== -1; due = guest.call('nextTimer')) guest.call('runTimer');
  t.equal(guest.show('late.reason.name').json, 'TimeoutError');
  t.equal(guest.preview('late'), 'AbortSignal { aborted: true }');
  t.match(guest.fail('new AbortSignal()').name, 'TypeError');
});

t.test('DOMException is an error with a name and its number', async (t) => {
  const { json } = guest.show(
    `const e = new DOMException('m', 'AbortError'); [e.name, e.message, e.code, e instanceof Error, String(e), DOMException.DATA_CLONE_ERR, DOMException.DOMSTRING_SIZE_ERR, DOMException.URL_MISMATCH_ERR, DOMException.INVALID_CHARACTER_ERR]`,
  );
  t.strictSame(json, ['AbortError', 'm', 20, true, 'AbortError: m', 25, 2, 21, 5]);
  t.match(guest.fail(`throw new DOMException('m', { name: 'Own', cause: 1 })`), {
    name: 'Own',
    message: 'm',
    stack: /\[cause\]: 1/,
  });
});
