// A script's text into the text the engine evaluates: top-level `let`, `const` and `class` become variables of the
// session, so that a later script can declare them again and a throwing initialiser leaves the name usable.
// Lines and columns stay where they are (only a class on a script's first line moves, by its name and one).
import { parse, parseExpressionAt, type ModuleDeclaration, type Pattern, type Statement } from 'acorn';

export interface PreparedSource {
  code: string;
  /** Top-level names the script declares, to exist before it runs. */
  names: string[];
  /** Those of them that begin as `undefined`: `let x;` makes an earlier `x` forget its value. */
  resets: string[];
  /** Whether top-level `await` may occur, so that the engine must evaluate it as an async body. */
  asynchronous: boolean;
}

const mayDeclare = /\b(?:let|const|class)\b/;
const mayAwait = /\bawait\b/;
const options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowAwaitOutsideFunction: true,
  allowHashBang: true,
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
  return body === undefined ? plain : { ...plain, ...rewrite(code, body) };
}

function rewrite(
  code: string,
  body: readonly (Statement | ModuleDeclaration)[],
): Omit<PreparedSource, 'asynchronous'> {
  const names: string[] = [];
  const resets: string[] = [];
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
    }
  });
  return { code: output + code.slice(copied), names, resets };
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

function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'MemberExpression':
      return [];
  }
}
