// A run as it was asked for into one that the engine understands, right before it, in the worker's thread: TypeScript
// loses its types there, where a large file holds up nobody else.
import type { RunRequest } from '../engine/request.js';
import { refuseExports } from './commonjs.js';
import { isTypeScript } from './file-kind.js';
import { stripTypes } from './typescript.js';

/** Never throws: what is wrong with the code becomes code that throws it, in the same line and column. */
export function prepareRun(request: RunRequest): RunRequest {
  const { kind, code, filename } = request;
  if (kind === 'repl' || kind === 'timer') return request;
  try {
    const script = isTypeScript(filename) ? stripTypes(code, filename) : code;
    if (kind === 'script') refuseExports(script, filename);
    return { ...request, code: script };
  } catch (error) {
    if (error instanceof SyntaxError) return { ...request, code: throwing(error) };
    throw error;
  }
}

/** Code that throws the error from where its stack says it is: the engine takes the bracket of a call for its place. */
function throwing({ message, stack = '' }: SyntaxError): string {
  const [, line = '1', column = '1'] = /:(\d+):(\d+)$/.exec(stack) ?? [];
  const before = Number(line) === 1 ? '' : `${'\n'.repeat(Number(line) - 2)}throw SyntaxError\n`;
  const start = before === '' ? 'throw SyntaxError' : '';
  return `${before}${start.padEnd(Number(column) - 1)}(${JSON.stringify(message)})`;
}
