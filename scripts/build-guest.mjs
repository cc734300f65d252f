// Builds the guest prelude: TypeScript into the one expression that the engine evaluates, `guest.js`, and beside it
// the parts that it loads at their first use, `guest-NAME.js`.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { build } from 'esbuild';
import { noteLicences } from './notices.mjs';

const guest = fileURLToPath(new URL('../src/runtime/engine/guest/', import.meta.url));

/**
 * @param {string} entry path of the entry file inside the guest's folder
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<string>} statements for a function body in which `module` is an object to be given `exports`
 */
async function bundle(entry, options) {
  const result = await build({
    entryPoints: [guest + entry],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    // The engine keeps text that is all Latin letters in half the memory.
    charset: 'ascii',
    minify: true,
    legalComments: 'none',
    plugins: [noteLicences],
    ...options,
  });
  return result.outputFiles[0].text.trimEnd();
}

/**
 * Template literals into sums: the engine makes them by calling `String.prototype.concat`, which a script may
 * replace, and the prelude has to go on. They hold primitives only.
 * @param {string} code
 */
function withoutTemplates(code) {
  /** @returns {string} the text of the node, its templates rewritten */
  const write = (node) => {
    if (node.type === 'TemplateLiteral') {
      const texts = node.quasis.map((quasi) => JSON.stringify(quasi.value.cooked));
      const sum = node.expressions.map((expression, index) => `+(${write(expression)})+${texts[index + 1]}`);
      return `(${texts[0]}${sum.join('')})`;
    }
    let text = '';
    let at = node.start;
    for (const child of childrenOf(node)) {
      text += code.slice(at, child.start) + write(child);
      at = child.end;
    }
    return text + code.slice(at, node.end);
  };
  const childrenOf = (node) =>
    Object.values(node)
      .flat()
      .filter((value) => typeof value?.type === 'string')
      // `{a}` is one node as the key and as the value.
      .filter((value, index, all) => all.findIndex((other) => other.start === value.start) === index)
      .toSorted((left, right) => left.start - right.start);
  return write(parse(code, { ecmaVersion: 'latest' }));
}

/** Writes the prelude to `outfile`, and the parts beside it. */
export async function buildGuest(outfile) {
  await mkdir(dirname(outfile), { recursive: true });
  const prelude = await bundle('main.ts', {});
  await writeFile(outfile, withoutTemplates(`((module)=>{${prelude}return module.exports.boot})({})`));
  const parts = JSON.parse(await readFile(`${guest}parts/parts.json`, 'utf8'));
  for (const [name, globals] of Object.entries(parts.globals)) {
    const text = await bundle(`parts/${name}.ts`, {
      // What a part takes for the global object is the one that it is given; its classes keep their names.
      define: { globalThis: 'scope' },
      keepNames: true,
      // Templates would be written with line breaks in them, and a part has to stand on one line.
      supported: { 'template-literal': false },
    });
    if (text.includes('\n')) throw new Error(`guest part "${name}": expected one line of code, got several`);
    // A part that asks whether its globals are there must not be made to load itself: they are parameters.
    const parameters = ['scope', 'tools', ...globals].join(',');
    const body = `${'\n'.repeat(parts.line - 1)}(function(${parameters}){var module={};${text}return module.exports})`;
    await writeFile(outfile.replace(/\.js$/, `-${name}.js`), body);
  }
}
