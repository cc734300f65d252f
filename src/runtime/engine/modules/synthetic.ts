// The texts of the ES modules that the host writes itself: what `import` finds in place of a module that is none, and
// what `import.meta` stands for. Their names begin as the prelude's does, so that stack traces leave them out.
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Names that begin so are ours. */
export const ownPrefix = 'vmsys:prelude:';
/** The module through which the others reach the prelude; it is in every base. */
export const bridgeName = `${ownPrefix}bridge`;

/** The bridge's text: takes the functions from the place where they lie while the base is made. */
export const bridgeModule =
  `const place = ${JSON.stringify(bridgeName)}, { take, takeDefault, read, done } = globalThis[place];` +
  'delete globalThis[place]; export { take, takeDefault, read, done };';

/** Specifier to `name`, which only code of ours knows: `secret` is another in every worker. */
export const ownSpecifier = (secret: string, name: string): string => `${secret}${name}`;

export const nameOfImportable = (origin: string, attempt: number, id: string): string =>
  `${ownPrefix}module:${origin}:${attempt}:${id}`;
export const nameOfMeta = (filename: string): string => `${ownPrefix}meta:${filename}`;

const identifier = /^[A-Za-z_$][\w$]*$/;

/** What tells the guest that a module was evaluated to its end. */
export const doneArguments = (id: string, name: string, exports: readonly string[]): string =>
  [id, JSON.stringify({ name, exports })].map((text) => JSON.stringify(text)).join();

/** An ES module of one that is none: its exports are `default`, and each of these names. */
export function importable(secret: string, name: string, id: string, names: readonly string[]): string {
  const exported = names.filter((exported) => exported !== 'default' && identifier.test(exported));
  const reads = exported.map((key, index) => `e${index}=read(value,${JSON.stringify(key)})`);
  const exports = exported.map((key, index) => `e${index} as ${key}`);
  return [
    `import{take,takeDefault,read,done}from${JSON.stringify(ownSpecifier(secret, bridgeName))};`,
    `const value=take(${JSON.stringify(id)}),main=takeDefault(${JSON.stringify(id)})`,
    ...reads.map((read) => `,${read}`),
    `;export{main as default${exports.map((entry) => `,${entry}`).join('')}};`,
    `done(${doneArguments(id, name, ['default', ...exported])})`,
  ].join('');
}

/** The module whose `default` takes the place of `import.meta`: Node's, where the module is a file. */
export function metaModule(filename: string, path: string | undefined): string {
  const meta =
    path === undefined
      ? { url: filename }
      : { dirname: dirname(path), filename: path, url: pathToFileURL(path).href };
  return `export default{__proto__:null,${JSON.stringify(meta).slice(1)}`;
}

/** The module whose `default` is another's namespace. */
export const namespaceModule = (secret: string, name: string): string =>
  `import*as n from${JSON.stringify(ownSpecifier(secret, name))};export default n`;
