// The one rule for names: `import` and `require` say the package's name, scripts find it under its global.
import { LibraryError } from '../errors.js';
import { findInCatalog } from './catalog.js';

const namePattern = /^(?:@[a-z\d~-][\w.~-]*\/)?[a-z\d~-][\w.~-]*$/i;
/** As npm has it. */
const maxNameLength = 214;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

const reservedWords = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package private ' +
    'protected public return static super switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
);

/** What a session has before any library: a library must not stand in its place. */
const builtinGlobals = new Set(
  (
    'AbortController AbortSignal AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean ' +
    'CustomEvent DOMException DataView Date Error EvalError Event EventTarget FinalizationRegistry Float16Array ' +
    'Float32Array Float64Array Function Infinity InternalError Int16Array Int32Array Int8Array Intl Iterator JSON Map ' +
    'Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol ' +
    'SyntaxError Temporal TextDecoder TextEncoder TypeError URIError URL URLSearchParams Uint16Array Uint32Array ' +
    'Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly atob btoa clearImmediate clearInterval ' +
    'clearTimeout console crypto decodeURI decodeURIComponent encodeURI encodeURIComponent escape exports fetch global ' +
    'globalThis isFinite isNaN module parseFloat parseInt performance process queueMicrotask require self setImmediate ' +
    'setInterval setTimeout structuredClone unescape vmsys window'
  ).split(' '),
);

/** Whether a library can have this name; a name that is a path is none. */
export const isLibraryName = (name: string): boolean =>
  name.length <= maxNameLength && namePattern.test(name) && !name.includes('..');

/**
 * The variable that scripts find a library under: `given`, else the catalogue's, else made from the name
 * (`date-fns`: `dateFns`, `@scope/pkg`: `pkg`, `big.js`: `big`). Throws VALIDATION_ERROR where a script could not use
 * it, or it would stand in place of a global of the language.
 */
export function chooseGlobal(name: string, given?: string): string {
  const global = given ?? findInCatalog(name)?.global ?? globalOfName(name);
  const problem = problemOf(global);
  if (problem === undefined) return global;
  throw new LibraryError(
    'VALIDATION_ERROR',
    `library "${name}": its global would be "${global}", which ${problem}; choose another one with "global" ` +
      `(vmsys lib add … --global NAME)`,
    { details: { issues: [{ path: 'global', message: `"${global}" ${problem}` }] } },
  );
}

function globalOfName(name: string): string {
  const words = name
    .replace(/^@[^/]*\//, '')
    .replace(/\.js$/i, '')
    .split(/[^\p{ID_Continue}]+/u)
    .filter((word) => word !== '');
  const camel = words
    .map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join('');
  return /^\d/.test(camel) ? `_${camel}` : camel;
}

function problemOf(global: string): string | undefined {
  if (!identifier.test(global)) return 'is not a JavaScript identifier';
  if (reservedWords.has(global)) return 'is a word of the language';
  if (builtinGlobals.has(global) || global in Object.prototype) return 'is a global of every session';
  return undefined;
}
