// Top-level names are plain variables of the session: declared before a script runs, and again by the next.
import t from 'tap';
import { Guest } from '../../../fixtures/guest.js';

const guest = await Guest.boot();
const declare = (names: string[], resets: string[] = []): unknown =>
  guest.call('declare', JSON.stringify(names), JSON.stringify(resets));
const descriptor = (name: string): unknown =>
  guest.show(`Object.getOwnPropertyDescriptor(globalThis, ${JSON.stringify(name)})`).json;
const plain = { writable: true, enumerable: true, configurable: true };

t.test('a new name exists, undefined', async (t) => {
  declare(['fresh', 'Ünïcode', 'toString', '__proto__']);
  t.equal(
    guest.preview(`Object.getOwnPropertyDescriptor(globalThis, 'fresh')`),
    '{\n  value: undefined,\n  writable: true,\n  enumerable: true,\n  configurable: true\n}',
  );
  t.equal(
    guest.show(`Object.hasOwn(globalThis, 'toString') && Object.hasOwn(globalThis, '__proto__')`).json,
    true,
  );
});

t.test('a known name keeps its value, unless it is reset', async (t) => {
  guest.show('globalThis.known = 1; globalThis.forgotten = 2; 0');
  declare(['known', 'forgotten'], ['forgotten']);
  t.equal(guest.show('known').json, 1);
  t.equal(guest.show('forgotten').type, 'undefined');
});

t.test('what could not be assigned becomes a variable, and no getter runs', async (t) => {
  guest.show(`globalThis.readConstant = () => constant;
    Object.defineProperty(globalThis, 'constant', { value: 7, configurable: true });
    Object.defineProperty(globalThis, 'computed', { get() { globalThis.ran = true; return 1; }, configurable: true }); 0`);
  const sources = guest.calls.length;
  declare(['constant', 'computed', 'URL', 'console'], []);
  t.strictSame(descriptor('constant'), { value: 7, ...plain });
  t.equal(guest.show('typeof computed + typeof ran + typeof URL').json, 'undefinedundefinedundefined');
  t.equal(guest.calls.length, sources, 'nothing was loaded');
  t.equal(guest.show('typeof console.log').json, 'function');
  t.equal(guest.show('constant = 8; readConstant()').json, 8, 'code of before sees the same variable');
  guest.show('URL = 5; var console = 6; 0');
  t.equal(guest.show('URL + console').json, 11);
});

t.test('what cannot be changed is left alone', async (t) => {
  declare(['undefined', 'NaN', 'Infinity'], ['undefined', 'NaN']);
  t.equal(guest.show('typeof undefined + NaN').json, 'undefinedNaN');
  guest.show('var old = 1');
  declare(['old'], ['old']);
  t.equal(guest.show('typeof old').json, 'undefined', 'a variable of a script is reset');
  guest.show('Object.freeze(globalThis)');
  declare(['late', 'old'], ['old']);
  t.equal(guest.show('typeof late').json, 'undefined');
});
