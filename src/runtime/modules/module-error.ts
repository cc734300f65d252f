// What a script is told that asked for a module it cannot have: an error that it can catch and tell from others.

export type ModuleErrorCode = 'MODULE_NOT_FOUND' | 'MODULE_NOT_ALLOWED' | 'INVALID_PATH';

/** An Error as Node's loaders throw it: plain, with a `code`. */
export const moduleError = (code: ModuleErrorCode, message: string): Error =>
  Object.assign(new Error(message), { code });

/** Where in a file something is wrong; lines and columns are counted from 1. */
export interface SourcePosition {
  line: number;
  column: number;
}

/** A SyntaxError that says where it is, as the engine's own do. */
export function sourceError(
  filename: string,
  message: string,
  { line, column }: SourcePosition,
): SyntaxError {
  const error = new SyntaxError(`${filename}:${line}:${column}: ${message}`);
  error.stack = `SyntaxError: ${error.message}\n    at ${filename}:${line}:${column}`;
  return error;
}

/** Longer names are cut where they are repeated to a script. */
const namedAtMost = 200;

/** What the script wrote, as a message repeats it. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > namedAtMost ? `${text.slice(0, namedAtMost)}…` : text);
