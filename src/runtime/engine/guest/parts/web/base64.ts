// btoa and atob, by the WHATWG's Infra standard ("forgiving-base64").
import { DOMException } from './dom-exception.js';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const valueOfDigit = new Map([...digits].map((digit, value) => [digit, value]));

export function btoa(data: unknown): string {
  const text = String(data);
  let encoded = '';
  for (let at = 0; at < text.length; at += 3) {
    const [first, second, third] = [text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2)];
    if (first > 255 || second > 255 || third > 255) {
      throw new DOMException(
        'btoa: expected characters up to U+00FF; encode the text first',
        'InvalidCharacterError',
      );
    }
    const bits = (first << 16) | (second << 8) | third;
    encoded += digit(bits >> 18) + digit(bits >> 12);
    encoded += at + 1 < text.length ? digit(bits >> 6) : '=';
    encoded += at + 2 < text.length ? digit(bits) : '=';
  }
  return encoded;
}

const digit = (bits: number): string => digits.charAt(bits & 63);

export function atob(data: unknown): string {
  let text = String(data).replace(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) {
    throw new DOMException('atob: expected base64', 'InvalidCharacterError');
  }
  let decoded = '';
  let bits = 0;
  let count = 0;
  for (const character of text) {
    bits = (bits << 6) | (valueOfDigit.get(character) ?? 0);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += String.fromCharCode((bits >> count) & 255);
    bits &= (1 << count) - 1;
  }
  return decoded;
}
