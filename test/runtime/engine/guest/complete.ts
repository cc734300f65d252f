// Completion looks names up and runs nothing.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();
const complete = (text: string): { items: string[]; replaces: string } =>
  JSON.parse(String(guest.call('complete', text))) as { items: string[]; replaces: string };

guest.show(`globalThis.ran = [];
  globalThis.shop = { apples: 1, bananas: { count: 2, colour: 'yellow' }, 'not-a-name': 0, 0: 'zero',
    get lazy() { ran.push('getter'); return { inner: 1 }; }, list: [{ first: 1 }], call() { ran.push('call'); return { inner: 1 }; } };
  globalThis.Étude = { opus: 1 }; globalThis.text = 'abc'; globalThis.big = 1n; globalThis.none = null;
  globalThis.trap = new Proxy({}, { ownKeys() { throw 1; }, getPrototypeOf() { throw 1; } });
  globalThis.many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => ['key' + i, i])); 0`);

t.test('properties of a chain of names', async (t) => {
  t.strictSame(complete('shop.ba'), { items: ['bananas'], replaces: 'ba' });
  t.strictSame(complete('x = shop.bananas.c'), { items: ['colour', 'count', 'constructor'], replaces: 'c' });
  t.strictSame(complete(`shop['bananas'].col`).items, ['colour']);
  t.strictSame(complete(`shop?.["bananas"]?.col`).items, ['colour']);
  t.strictSame(complete('shop.list[0].').items[0], 'first');
  t.strictSame(complete('(shop . bananas . cou').items, ['count']);
  t.strictSame(complete('[...shop.app').items, ['apples']);
  t.strictSame(complete('return shop.app').items, ['apples']);
  t.strictSame(complete('Étude.op').items, ['opus']);
  t.strictSame(complete('this.sho').items, ['shop']);
  t.strictSame(complete('globalThis.shop.app').items, ['apples']);
});

t.test('inherited names follow the object’s own', async (t) => {
  const { items } = complete('shop.');
  t.strictSame(items.slice(0, 5), ['apples', 'bananas', 'call', 'lazy', 'list']);
  t.ok(items.includes('hasOwnProperty'));
  t.notOk(items.includes('not-a-name'));
  t.notOk(items.includes('0'));
  t.strictSame(complete('text.toUpper').items, ['toUpperCase']);
  t.strictSame(complete(`'a b'.toUpper`).items, ['toUpperCase']);
  t.strictSame(complete('big.toLoc').items, ['toLocaleString']);
  t.strictSame(complete('shop.list.fla').items, ['flat', 'flatMap']);
  t.strictSame(complete('console.tab').items, ['table']);
});

t.test('a bare name is a global or a keyword', async (t) => {
  t.strictSame(complete('sho'), { items: ['shop'], replaces: 'sho' });
  t.strictSame(complete('1 + structuredC').items, ['structuredClone']);
  t.strictSame(complete('aw').items, ['await']);
  t.strictSame(complete('hasOwnP').items, ['hasOwnProperty']);
  t.ok(complete('').items.length > 80);
  t.equal(complete('').replaces, '');
});

t.test('nothing runs: no getters, no calls', async (t) => {
  for (const text of [
    'shop.lazy.',
    'shop.call().',
    'shop.lazy.inn',
    'shop[call()].',
    'none.',
    'missing.',
    'shop.missing.x',
    '1.',
    'a[b].',
    ').',
    'x`y`.',
  ]) {
    t.strictSame(complete(text).items, [], text);
  }
  t.strictSame(guest.show('ran').json, []);
});

t.test('it never throws, and is bounded', async (t) => {
  t.strictSame(complete('trap.'), { items: [], replaces: '' });
  t.equal(complete('many.k').items.length, 200);
  for (const text of [
    'a.'.repeat(50_000),
    'a'.repeat(100_000),
    '['.repeat(5000),
    '\u0000',
    '\ud800.',
    `'`.repeat(999) + '.',
  ]) {
    t.ok(Array.isArray(complete(text).items));
  }
});

t.test('globals that load at their first use complete too', async (t) => {
  t.strictSame(complete('URL.canP').items, ['canParse']);
});
