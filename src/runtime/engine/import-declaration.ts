// An import declaration of a script into statements that make variables of the session of what it imports, on as many
// lines. They have the values of that moment: what the module changes later, it changes for itself.
import type { Identifier, ImportDeclaration, Literal } from 'acorn';

/** The statements, and the names that they assign. */
export function importStatements(
  declaration: ImportDeclaration,
  code: string,
): { text: string; names: string[] } {
  const { specifiers, source, start, end } = declaration;
  const text = (node: { start: number; end: number }): string => code.slice(node.start, node.end);
  const attributes = declaration.attributes.map(
    (attribute) => `${text(attribute.key)}:${text(attribute.value)}`,
  );
  const options = attributes.length === 0 ? '' : `,{with:{${attributes.join()}}}`;
  const imported = `await import(${text(source)}${options})`;
  const breaks = code.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, '');
  if (specifiers.length === 0) return { text: `void ${imported};${breaks}`, names: [] };
  const module = freeName(code);
  const assignments = specifiers.map((specifier) => {
    const { name } = specifier.local;
    if (specifier.type === 'ImportNamespaceSpecifier') return `${name}=${module};`;
    const key = specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : 'default';
    const missing = JSON.stringify(
      `the module ${JSON.stringify(source.value)} does not export ${JSON.stringify(key)}`,
    );
    const at = JSON.stringify(key);
    return `if(!(${at} in ${module}))throw new SyntaxError(${missing});${name}=${module}[${at}];`;
  });
  return {
    text: `{const ${module}=${imported};${assignments.join('')}void 0}${breaks}`,
    names: specifiers.map(({ local }) => local.name),
  };
}

const nameOf = (node: Identifier | Literal): string =>
  node.type === 'Identifier' ? node.name : String(node.value);

/** A name that the code does not hold. */
function freeName(code: string): string {
  let name = 'vmsysModule';
  while (code.includes(name)) name += '_';
  return name;
}
