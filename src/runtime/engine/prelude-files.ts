// The JavaScript that runs inside the engine before any user's code: files of the build, read once.
import { readFileSync, readdirSync } from 'node:fs';
import type { GuestSources } from './base.js';

const folder = new URL('./', import.meta.url);

/** Reads the guest prelude and its parts from the build. */
export function readGuestSources(): GuestSources {
  const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
  const names = readdirSync(folder).flatMap((file) => /^guest-(.+)\.js$/.exec(file)?.[1] ?? []);
  return {
    prelude: read('guest.js'),
    parts: Object.fromEntries(names.map((name) => [name, read(`guest-${name}.js`)])),
  };
}
