// The text of an ES module into what must be known of it before the engine gets it: what it imports and exports, whether
// it awaits at its top level, and where it says `import.meta`.
import {
  getLineInfo,
  parse,
  type Identifier,
  type Literal,
  type Node,
  type Pattern,
  type Program,
} from 'acorn';
import { PlacedSyntaxError } from './fault.js';

export interface Import {
  specifier: string;
  /** Names that the other module must export. */
  names: readonly string[];
  line: number;
  column: number;
}

export interface Scan {
  imports: readonly Import[];
  /** Names that it exports, `default` among them. */
  exports: ReadonlySet<string>;
  /** Specifiers of modules all of whose names it exports. */
  stars: readonly string[];
  awaits: boolean;
  /** Where `import.meta` stands: start and end. */
  metas: readonly [start: number, end: number][];
}

/** Scans a module; throws a {@link PlacedSyntaxError} for what does not parse. */
export function scanModule(code: string, filename: string): Scan {
  const program = parseModule(code, filename);
  const imports: Import[] = [];
  const exports = new Set<string>();
  const stars: string[] = [];
  const add = (source: Literal, names: string[]): void => {
    const { line, column } = getLineInfo(code, source.start);
    imports.push({ specifier: String(source.value), names, line, column: column + 1 });
  };
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ImportDeclaration':
        add(
          statement.source,
          statement.specifiers.flatMap((specifier) => {
            if (specifier.type === 'ImportNamespaceSpecifier') return [];
            return specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : 'default';
          }),
        );
        break;
      case 'ExportAllDeclaration':
        add(statement.source, []);
        if (statement.exported) exports.add(nameOf(statement.exported));
        else stars.push(String(statement.source.value));
        break;
      case 'ExportDefaultDeclaration':
        exports.add('default');
        break;
      case 'ExportNamedDeclaration':
        for (const { exported } of statement.specifiers) exports.add(nameOf(exported));
        if (statement.source)
          add(
            statement.source,
            statement.specifiers.map(({ local }) => nameOf(local)),
          );
        if (statement.declaration?.type === 'VariableDeclaration') {
          for (const { id } of statement.declaration.declarations)
            for (const name of boundNames(id)) exports.add(name);
        } else if (statement.declaration) exports.add(statement.declaration.id.name);
        break;
    }
  }
  return { imports, exports, stars, ...walk(code, program) };
}

function parseModule(code: string, filename: string): Program {
  try {
    // Without a place for each node: that takes a third of the time, and few are asked for.
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { line, column } = (error as SyntaxError & { loc: { line: number; column: number } }).loc;
    throw new PlacedSyntaxError(error.message.replace(/ \(\d+:\d+\)$/, ''), filename, line, column + 1);
  }
}

const nameOf = (node: Identifier | Literal): string =>
  node.type === 'Identifier' ? node.name : String(node.value);

/** The names that a pattern declares. */
export function boundNames(pattern: Pattern): string[] {
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

/** What only a look at every node tells; most modules need none. */
function walk(code: string, program: Program): Pick<Scan, 'awaits' | 'metas'> {
  const metas: [number, number][] = [];
  let awaits = false;
  const visit = (node: Node, inFunction: boolean): void => {
    if (node.type === 'MetaProperty' && code.startsWith('import', node.start))
      metas.push([node.start, node.end]);
    const isAwait = node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && isForAwait(node));
    if (isAwait && !inFunction) awaits = true;
    const inside = inFunction || functions.has(node.type);
    for (const child of childrenOf(node)) visit(child, inside);
  };
  if (/\bawait\b|\bimport\s*\.\s*meta\b/.test(code)) visit(program, false);
  return { awaits, metas };
}

/** Nodes in which `await` is another's. A class's static block and its fields may not have it. */
const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const isForAwait = (node: Node): boolean => 'await' in node && node.await === true;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const childrenOf = (node: Node): Node[] => Object.values(node).flat().filter(isNode);
