// A library to the lines that say how a script gets at it, to be copied.
import type { Library } from '../../records/index.js';
import type { Paint } from '../output/paint.js';
import { sizeText } from '../output/size.js';

/** Names that are imported one by one, where there are no more of them than a line holds. */
const mostNamed = 4;

/** What was added, its global, an import line, and how a template gets it. */
export function usageLines(library: Library, paint: Paint): string[] {
  const { id, bytes, format, global, name } = library;
  const variable = global ?? 'library';
  const uses: [string, string][] = [
    ...(global === undefined ? [] : [['global', global] satisfies [string, string]]),
    ['import', importLine(library, variable)],
    ['require', `const ${variable} = require('${name}')`],
    ['give it to', `vmsys template add-library default ${id}`],
  ];
  return [
    `${paint('bold', id)}  ${sizeText(bytes)}, ${format === 'module' ? 'an ES module' : 'a script'}`,
    ...uses.map(([what, line]) => `  ${paint('cyan', what.padEnd(10))}  ${line}`),
  ];
}

/** A script has a default, whatever it exports. A module that exports nothing by name can have nothing else. */
function importLine({ name, format, exports }: Library, variable: string): string {
  if (format === 'script' || exports.length === 0) return `import ${variable} from '${name}'`;
  const isShort = exports.length <= mostNamed;
  return `import ${isShort ? `{ ${exports.join(', ')} }` : `* as ${variable}`} from '${name}'`;
}
