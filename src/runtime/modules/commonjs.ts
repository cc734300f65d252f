// The text of a CommonJS module or a script into what can be told of it without running it: the names that an ES
// module can import from it, and whether it is an ES module by mistake.
import { createRequire } from 'node:module';
import { parse } from 'acorn';
import type * as Lexer from 'cjs-module-lexer';
import { sourceError, type SourcePosition } from './module-error.js';

const nodeRequire = createRequire(import.meta.url);

export interface CommonJsNames {
  exports: readonly string[];
  /** Specifiers of modules whose exports it passes on. */
  reexports: readonly string[];
}

/** The names as far as they can be told; none for a text that is no CommonJS. */
export function readCommonJs(code: string): CommonJsNames {
  const lexer = nodeRequire('cjs-module-lexer') as typeof Lexer;
  try {
    return lexer.parse(code);
  } catch {
    return { exports: [], reexports: [] };
  }
}

/**
 * A text without a line that begins like this need not be parsed. Blanks do not go over the end of a line: of thousands
 * of empty ones each would be looked through to the last.
 */
const mayBeModule = /^[^\S\r\n\u2028\u2029]*(?:import\b(?!\s*\()|export\b)|\bimport\.meta\b/m;
const options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowHashBang: true,
} as const;

/** How the parser says that this belongs into a module. */
const moduleOnly = /'sourceType: module'|'import\.meta' outside/;

/**
 * Throws a SyntaxError that says how to put it right where the body of a CommonJS module has `import` or `export`
 * declarations, or `import.meta`. Other faults are the engine's to find.
 */
export function refuseModuleSyntax(code: string, filename: string, template: string): void {
  if (!mayBeModule.test(code)) return;
  try {
    parse(code, options);
  } catch (error) {
    if (!(error instanceof SyntaxError) || !moduleOnly.test(error.message)) return;
    const { line, column } = (error as SyntaxError & { loc: { line: number; column: number } }).loc;
    throw noModule('"import" and "export" belong', filename, template, { line, column: column + 1 });
  }
}

/** As {@link refuseModuleSyntax}, for a script that is run: its `import` declarations mean something, `export` does not. */
export function refuseExports(code: string, filename: string): void {
  if (!/^[^\S\r\n\u2028\u2029]*export\b/m.test(code)) return;
  let body: ReturnType<typeof parse>['body'];
  try {
    ({ body } = parse(code, { ...options, allowImportExportEverywhere: true, locations: true }));
  } catch {
    return;
  }
  const start = body.find(({ type }) => type.startsWith('Export'))?.loc?.start;
  if (start === undefined) return;
  throw noModule('"export" belongs', filename, 'TEMPLATE', { line: start.line, column: start.column + 1 });
}

function noModule(what: string, filename: string, template: string, position: SourcePosition): SyntaxError {
  const ending = /\.[cm]?ts$/.test(filename) ? '.mts' : '.mjs';
  const cure = `end its name in ${ending}, or have new sessions run all files as ES modules: vmsys template update ${template} --runtime.esm`;
  return sourceError(filename, `${what} to ES modules, and this file is none; ${cure}`, position);
}
