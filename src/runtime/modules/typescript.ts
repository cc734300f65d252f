// TypeScript into JavaScript: what is only type is replaced by blanks, so that every line and column stays. The
// package is loaded when the first TypeScript comes: that takes some 40 ms and 20 MB in each worker's thread.
import { createRequire } from 'node:module';
import type { TransformOutput } from '@swc/wasm-typescript';
import { sourceError } from './module-error.js';

const nodeRequire = createRequire(import.meta.url);
const packageName = '@swc/wasm-typescript';

/** What the package throws: a plain object. */
interface Fault {
  code: 'InvalidSyntax' | 'UnsupportedSyntax';
  message: string;
  startLine: number;
  startColumn: number;
}

/** The JavaScript in `code`. Throws a SyntaxError for what is none, or has more in it than types can be. */
export function stripTypes(code: string, filename: string): string {
  try {
    return load().transformSync(code, { mode: 'strip-only', filename }).code;
  } catch (error) {
    if (isFault(error)) throw toSyntaxError(error, filename);
    // It overflowed its stack, or failed in another way that it does not recover from: the next file gets a new one.
    delete nodeRequire.cache[nodeRequire.resolve(packageName)];
    const why = error instanceof Error ? error.message : String(error);
    throw sourceError(filename, `its types cannot be taken out: ${why}`, { line: 1, column: 1 });
  }
}

const load = (): { transformSync(code: string, options: object): TransformOutput } =>
  nodeRequire(packageName) as typeof import('@swc/wasm-typescript');

const isFault = (error: unknown): error is Fault =>
  typeof error === 'object' && error !== null && 'startLine' in error && 'message' in error;

function toSyntaxError({ code, message, startLine, startColumn }: Fault, filename: string): SyntaxError {
  const position = { line: startLine, column: startColumn + 1 };
  if (code === 'InvalidSyntax') return sourceError(filename, message, position);
  const what = message.replace(/ is not supported in strip-only mode.*$/s, '');
  const text = `${what} is not supported: types are taken out, and this is more than a type; write it in JavaScript`;
  return sourceError(filename, text, position);
}
