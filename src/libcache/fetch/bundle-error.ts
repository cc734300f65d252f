// Why a library cannot be made into one file: esbuild's faults, with the Node built-ins named that it needs.
import { builtinModules } from 'node:module';
import type { BuildFailure, Message } from 'esbuild';
import { messageOf, unavailable, type LibraryError } from '../errors.js';
import { maxNamedFaults } from './bounds.js';

const builtins = new Set(builtinModules);

/** `id` is what the message calls the library. Anything but a failed build is named as it is. */
export function bundleError(id: string, error: unknown): LibraryError {
  if (!isBuildFailure(error)) {
    return unavailable('bundle', `library "${id}": making it into one file: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const needed = new Map<string, string>();
  const faults: string[] = [];
  for (const message of error.errors) {
    const missing = missingModule(message);
    const name = missing?.replace(/^node:/, '');
    if (missing !== undefined && name !== undefined && (missing !== name || builtins.has(name))) {
      if (!needed.has(name)) needed.set(name, placeOf(message));
    } else {
      faults.push(
        missing === undefined
          ? `${placeOf(message)}: ${message.text}`
          : `${placeOf(message)} imports "${missing}", which is not there`,
      );
    }
  }
  if (needed.size > 0) {
    const list = [...needed].map(([name, place]) => `${name} (${place})`);
    faults.unshift(`needs Node's ${shorten(list, ', ')}, which a session does not have`);
  }
  return unavailable('bundle', `library "${id}" cannot be made into one file: ${shorten(faults, '; ')}`, {
    details: needed.size > 0 ? { builtins: [...needed.keys()] } : {},
  });
}

/** All that is wrong is a `require` with a path made as it runs (`'./locale/' + name`), and no file there. */
export const lacksPatternOnly = (error: unknown): boolean =>
  isBuildFailure(error) &&
  error.errors.length > 0 &&
  error.errors.every(({ text }) => /^Could not resolve require\(".*\*.*"\)$/.test(text));

const missingModule = ({ text }: Message): string | undefined => /^Could not resolve "(.*)"$/.exec(text)?.[1];

const placeOf = ({ location }: Message): string =>
  location === null ? 'the library' : `${location.file.replace(/^node_modules\//, '')}:${location.line}`;

const shorten = (list: readonly string[], separator: string): string =>
  list.slice(0, maxNamedFaults).join(separator) +
  (list.length > maxNamedFaults ? `${separator}and ${list.length - maxNamedFaults} more` : '');

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);
