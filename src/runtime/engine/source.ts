// A script's text into the text the engine evaluates: top-level `let`, `const`, `class` and `import` become variables of
// the session, so that a later script can declare them again and a throwing initialiser leaves the name usable.
// Lines stay where they are, and columns too, but behind an import and of a class on a script's first line.
import { parse, parseExpressionAt, type ModuleDeclaration, type Statement } from 'acorn';
import { importStatements } from './import-declaration.js';
import { boundNames } from './modules/scan.js';

export interface PreparedSource {
  code: string;
  /** Top-level names the script declares, to exist before it runs. */
  names: string[];
  /** Those of them that begin as `undefined`: `let x;` makes an earlier `x` forget its value. */
  resets: string[];
  /** Whether top-level `await` may occur, so that the engine must evaluate it as an async body. */
  asynchronous: boolean;
}

const mayDeclare = /\b(?:let|const|class|import)\b/;
const mayAwait = /\bawait\b/;
const options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
  allowHashBang: true,
  allowImportExportEverywhere: true,
} as const;

/** Prepares code typed at a prompt: as {@link prepareScript}, and `{ a: 1 }` is an object, not a block. */
export function prepareRepl(code: string): PreparedSource {
  return prepareScript(isObjectLiteral(code) ? `(${code}\n)` : code);
}

/** Prepares a script. What does not parse is passed on as it is: the engine's own SyntaxError says more. */
export function prepareScript(code: string): PreparedSource {
  const plain = { code, names: [], resets: [], asynchronous: mayAwait.test(code) };
  if (!mayDeclare.test(code)) return plain;
  const body = parseBody(code);
  if (body === undefined) return plain;
  const { imports, ...rewritten } = rewrite(code, body);
  return { ...rewritten, asynchronous: plain.asynchronous || imports };
}

function rewrite(
  code: string,
  body: readonly (Statement | ModuleDeclaration)[],
): Omit<PreparedSource, 'asynchronous'> & { imports: boolean } {
  const names: string[] = [];
  const resets: string[] = [];
  let imports = false;
  let output = '';
  let copied = 0;
  const replace = (start: number, end: number, text: string) => {
    output += code.slice(copied, start) + text;
    copied = end;
  };
  body.forEach((statement, index) => {
    if (
      statement.type === 'VariableDeclaration' &&
      (statement.kind === 'let' || statement.kind === 'const')
    ) {
      replace(statement.start, statement.start + statement.kind.length, 'var'.padEnd(statement.kind.length));
      for (const declarator of statement.declarations) {
        const declared = boundNames(declarator.id);
        names.push(...declared);
        if (declarator.init === null || declarator.init === undefined) resets.push(...declared);
      }
    } else if (statement.type === 'ClassDeclaration') {
      // The assignment goes behind the statement before, where it moves no column of the class.
      const before = body[index - 1]?.end ?? /^(?:#!.*\n)?/.exec(code)?.[0].length ?? 0;
      const at = Math.max(before, copied);
      replace(at, at, `${index === 0 ? '' : ';'}${statement.id.name}=`);
      replace(statement.end, statement.end, ';void 0;');
      names.push(statement.id.name);
    } else if (statement.type === 'ImportDeclaration') {
      const made = importStatements(statement, code);
      replace(statement.start, statement.end, made.text);
      names.push(...made.names);
      imports = true;
    }
  });
  return { code: output + code.slice(copied), names, resets, imports };
}

function parseBody(code: string): readonly (Statement | ModuleDeclaration)[] | undefined {
  try {
    return parse(code, options).body;
  } catch {
    return undefined;
  }
}

function isObjectLiteral(code: string): boolean {
  if (!/^\s*\{/.test(code) || /;\s*$/.test(code)) return false;
  try {
    const wrapped = `(${code}\n)`;
    const { type, end } = parseExpressionAt(wrapped, 0, { ...options, preserveParens: true });
    // The brackets are ours only where they are the outermost: `{}) + (1` closes them itself.
    return type === 'ParenthesizedExpression' && end === wrapped.length;
  } catch {
    return false;
  }
}
