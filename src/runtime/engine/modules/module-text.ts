// The text of an ES module into the one the engine evaluates: every line and column stays where it is. `import.meta`
// becomes a variable of as many letters, and what the variable is comes from an import behind the last line.
import type { Scan } from './scan.js';
import { bridgeName, doneArguments, nameOfMeta, ownSpecifier } from './synthetic.js';

interface Wanted {
  secret: string;
  filename: string;
  /** Has it registered under this id when it was evaluated to its end. */
  id?: string;
  /** All names that it exports. */
  exports: readonly string[];
}

export function moduleText(code: string, { metas }: Scan, { secret, filename, id, exports }: Wanted): string {
  let text = code;
  let appended = '';
  if (metas.length > 0) {
    // As long as `import.meta`.
    const meta = freeName(code, (index) => `import_${String(index).padStart(4, '_')}`);
    text = replaceMetas(code, metas, meta);
    appended += `import ${meta} from${JSON.stringify(ownSpecifier(secret, nameOfMeta(filename)))};`;
  }
  if (id !== undefined) {
    const done = freeName(code, (index) => `vmsysDone${index}`);
    const bridge = JSON.stringify(ownSpecifier(secret, bridgeName));
    appended += `import{done as ${done}}from${bridge};${done}(${doneArguments(id, filename, exports)})`;
  }
  return appended === '' ? text : `${text}\n;${appended}`;
}

/** The first of these names that the code does not hold. */
function freeName(code: string, name: (index: number) => string): string {
  let index = 0;
  while (code.includes(name(index))) index += 1;
  return name(index);
}

function replaceMetas(code: string, metas: Scan['metas'], name: string): string {
  let text = '';
  let copied = 0;
  for (const [start, end] of metas) {
    // Comments between the words go; line breaks stay, and what follows keeps its column.
    const lines = code.slice(start, end).split(/(?<=[\n\r\u2028\u2029])/);
    const breaks = lines.slice(0, -1).map((line) => line.slice(-1));
    const last = lines.at(-1)?.length ?? 0;
    const spaces = breaks.length === 0 ? last - name.length : last;
    text += code.slice(copied, start) + name + breaks.join('') + ' '.repeat(spaces);
    copied = end;
  }
  return text + code.slice(copied);
}
