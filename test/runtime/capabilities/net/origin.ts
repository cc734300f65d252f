// Origins as people write them, and what is none.
import t from 'tap';
import { parseOrigin } from '#src/runtime/capabilities/net/origin.js';

t.test('an origin is written one way', (t) => {
  for (const [text, origin] of [
    ['https://api.example.com', 'https://api.example.com'],
    ['HTTPS://API.Example.com/', 'https://api.example.com'],
    ['https://example.com:443', 'https://example.com'],
    ['http://example.com:80', 'http://example.com'],
    ['http://example.com:443', 'http://example.com:443'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.1', 'http://127.0.0.1'],
    ['http://[::1]:9', 'http://[::1]:9'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ] as const) {
    t.equal(parseOrigin(text), origin, text);
    t.equal(parseOrigin(origin), origin, 'and stays so');
  }
  t.end();
});

t.test('what names more, or less, is none', (t) => {
  for (const text of [
    ...['', 'example.com', '//example.com', 'ftp://example.com', 'file:///etc', 'data:text/plain,x'],
    ...['https://*.example.com', 'https://*', 'https://example.com/v1', 'https://example.com?x', 'https://'],
    ...['https://user@example.com', 'https://user:pass@example.com', 'https://example.com#x'],
    ...[
      'https://example.com:99999',
      ' https://example.com',
      'https://a b',
      'https:\\\\example.com',
      'https:/x',
    ],
  ])
    t.equal(parseOrigin(text), undefined, text);
  t.end();
});
