// Code typed so far to whether more lines must follow before it can be run.
import { parse, type Options } from 'acorn';

const options: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
};

/** The fault at the end of `code` that further lines could mend; undefined where it parses, or is wrong as it is. */
export function unfinished(code: string): SyntaxError | undefined {
  const text = code.trimEnd();
  const asScript = faultOf(text);
  if (asScript === undefined) return undefined;
  if (canGoOn(asScript, text)) return asScript;
  // `{ a: 1, b: 2` cannot go on as a block, but as an object it can.
  if (!text.trimStart().startsWith('{')) return undefined;
  const asObject = faultOf(`(${text}`);
  return asObject !== undefined && canGoOn(asObject, `(${text}`) && !isClosed(text) ? asObject : undefined;
}

/** `({ … }` lacks nothing but the parenthesis that we opened. */
const isClosed = (text: string): boolean => faultOf(`(${text})`) === undefined;

function faultOf(text: string): SyntaxError | undefined {
  try {
    parse(text, options);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

function canGoOn(error: SyntaxError, text: string): boolean {
  if (/^Unterminated (?:template|comment)/.test(error.message)) return true;
  // A line that ends in a backslash goes on in the next.
  if (error.message.startsWith('Unterminated string')) return text.endsWith('\\');
  return 'pos' in error && typeof error.pos === 'number' && error.pos >= text.length;
}
