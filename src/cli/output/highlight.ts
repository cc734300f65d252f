// The preview of a value to the same text in colours, as Node's own prompt colours values.
import type { Paint, Style } from './paint.js';

const styles: Readonly<Record<string, Style>> = {
  string: 'green',
  regexp: 'red',
  number: 'yellow',
  literal: 'yellow',
  nothing: 'bold',
  absent: 'gray',
  tag: 'cyan',
};

// One alternative a group of `styles`; what matches none stays as it is. A number or word is none inside a name.
const tokens = new RegExp(
  [
    String.raw`(?<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|${'`'}(?:[^${'`'}\\]|\\.)*${'`'})`,
    String.raw`(?<tag>\[[A-Z][\w$ .:*<>()-]*\]|<ref \*\d+>)`,
    String.raw`(?<regexp>(?<![\w$)\]] ?)/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)`,
    String.raw`(?<![\w$.])(?:(?<number>-?(?:\d[\d_]*\.?\d*(?:e[+-]?\d+)?n?|Infinity|NaN))|(?<literal>true|false)|(?<nothing>null)|(?<absent>undefined))(?![\w$:])`,
  ].join('|'),
  'g',
);

/** Longer previews stay plain: quotes without a partner, some thousands of them, would take time without bound. */
const maxLength = 8192;

/** Colours `preview`. An error is shown in one piece: its stack is prose, no value. */
export function highlight(preview: string, type: string, paint: Paint): string {
  if (/error$/i.test(type) || preview.length > maxLength) return preview;
  let text = '';
  let end = 0;
  for (const match of preview.matchAll(tokens)) {
    const kind = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined)?.[0] ?? '';
    const style = styles[kind];
    text += preview.slice(end, match.index) + (style === undefined ? match[0] : paint(style, match[0]));
    end = match.index + match[0].length;
  }
  return text + preview.slice(end);
}
