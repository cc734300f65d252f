// Strings and property names the way Node prints them: the quotes that need the least escaping, and escapes.
import {
  charCodeAt,
  exec,
  includes,
  numberToString,
  padStart,
  slice,
  symbolText,
  toText,
} from '../primordials.js';

const needsEscape =
  /[\x00-\x1f\x27\x5c\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const identifier = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const backslash = 92;

/** A string in quotes, with escapes. */
export function quote(text: string): string {
  let mark = "'";
  if (includes(text, "'")) {
    if (!includes(text, '"')) mark = '"';
    else if (!includes(text, '`') && !includes(text, '${')) mark = '`';
  }
  return mark + escape(text, charCodeAt(mark, 0)) + mark;
}

function escape(text: string, mark: number): string {
  if (exec(needsEscape, text) === null) return text;
  let escaped = '';
  let copied = 0;
  for (let index = 0; index < text.length; index++) {
    const code = charCodeAt(text, index);
    let replacement: string;
    if (code === mark || code === backslash) {
      replacement = `\\${slice(text, index, index + 1)}`;
    } else if (code < 32 || (code > 126 && code < 160)) {
      replacement = controlEscape(code);
    } else if (code >= 0xd800 && code <= 0xdfff) {
      const next = code <= 0xdbff && index + 1 < text.length ? charCodeAt(text, index + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        index++;
        continue;
      }
      replacement = `\\u${numberToString(code, 16)}`;
    } else {
      continue;
    }
    escaped += slice(text, copied, index) + replacement;
    copied = index + 1;
  }
  return escaped + slice(text, copied);
}

function controlEscape(code: number): string {
  switch (code) {
    case 8:
      return '\\b';
    case 9:
      return '\\t';
    case 10:
      return '\\n';
    case 12:
      return '\\f';
    case 13:
      return '\\r';
    default:
      return `\\x${padStart(upper(numberToString(code, 16)), 2, '0')}`;
  }
}

/** Hexadecimal digits in capitals. */
function upper(digits: string): string {
  let text = '';
  for (let index = 0; index < digits.length; index++) {
    const code = charCodeAt(digits, index);
    text += code >= 97 ? slice('ABCDEF', code - 97, code - 96) : slice(digits, index, index + 1);
  }
  return text;
}

/** A property's name as it stands before the colon. */
export function formatKey(key: PropertyKey, enumerable: boolean): string {
  let text: string;
  if (typeof key === 'symbol') return `[${escape(symbolText(key), 0)}]`;
  if (key === '__proto__') text = "['__proto__']";
  else if (exec(identifier, toText(key)) !== null) text = toText(key);
  else text = quote(toText(key));
  return enumerable ? text : `[${text}]`;
}
