// The manifest's text to its entries and back: one schema for downloader, loader, verifier and watcher alike.
// Nothing in it is trusted before it has passed here; a name in it can only mean a file in the cache's own folder.
import * as z from 'zod';
import { Library, type Integrity } from '../records/index.js';
import { contentName } from './content-name.js';
import { fragmentsOf, textIn, type Fragment } from './fragments.js';

/** The version of the schema that is written; one that is higher is refused. */
export const manifestVersion = 1;

/** Names that can be imported without being taken for a path: `name` or `@scope/name`. */
const nameShape = /^(?:@[\w~-][\w~.-]*\/)?[\w~$-][\w~$.-]*$/;

const sourceShape = /^(npm:.|file:\/)/;

/** A library and what the cache alone needs to know of it. */
const shape = {
  ...Library.shape,
  source: Library.shape.source.regex(sourceShape, 'expected "npm:" or "file:" and an absolute path'),
  /** The file of the package to begin with, where another one was asked for than package.json names. */
  entry: z.string().optional(),
  /** It is made of the package's modules, though it has a script for browsers: that one does not load. */
  bundled: z.literal(true).optional(),
  /** Of a local library: the absolute paths of the files that it is made of. */
  inputs: z.array(z.string().startsWith('/')).optional(),
  /** It was fetched where there is no engine: it has not been evaluated yet, and its exports are not known. */
  checked: z.literal(false).optional(),
};

interface Named {
  id: string;
  name: string;
  version: string;
  file: string;
  integrity: Integrity;
}

function refuseInconsistent(entry: Named, context: z.RefinementCtx<Named>): void {
  const fault = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message, input: entry });
  if (!nameShape.test(entry.name))
    fault('name', `expected "name" or "@scope/name", got ${JSON.stringify(entry.name)}`);
  if (entry.id !== `${entry.name}@${entry.version}`) fault('id', 'expected the name, "@" and the version');
  if (entry.file !== contentName(entry.integrity))
    fault('file', 'expected the name that its integrity gives');
}

export const Entry = z
  .strictObject({
    ...shape,
    /** What is to take its place when an engine has tried it: it was made where there is none. */
    untried: z.strictObject(shape).superRefine(refuseInconsistent).optional(),
  })
  .superRefine((entry, context) => {
    refuseInconsistent(entry, context);
    if (entry.untried !== undefined && entry.untried.id !== entry.id)
      context.addIssue({
        code: 'custom',
        path: ['untried', 'id'],
        message: 'expected its own id',
        input: entry,
      });
  });
export type Entry = z.infer<typeof Entry>;

/** What an entry is made of: enough to fetch it again. */
const Origin = z.strictObject({
  id: shape.id,
  name: shape.name,
  version: shape.version,
  source: shape.source,
  global: shape.global,
  entry: shape.entry,
  bundled: shape.bundled,
  dependencies: shape.dependencies,
});
export type Origin = z.infer<typeof Origin>;

const Head = z.object({ version: z.int().min(1) });

const Manifest = z
  .strictObject({
    version: z.literal(manifestVersion),
    libraries: z.array(Entry),
    /** What a damaged manifest had before this one, and nobody has fetched again yet. */
    lost: z.array(Origin).optional(),
  })
  .superRefine(({ libraries }, context) => {
    const seen = new Set<string>();
    for (const [at, { id }] of libraries.entries()) {
      if (seen.has(id))
        context.addIssue({
          code: 'custom',
          path: ['libraries', at, 'id'],
          message: `"${id}" twice`,
          input: id,
        });
      seen.add(id);
    }
  });

/** In the order in which they were added. */
export type Entries = readonly Entry[];

/** What a text that should be a manifest turned out to be. */
export type ParsedManifest =
  | { kind: 'ok'; entries: Entries; lost: readonly Origin[] }
  /** Written by a newer version: its owner can read it, nobody else may touch it. */
  | { kind: 'newer'; problem: string }
  /** The disk or its permissions keep it from us. */
  | { kind: 'unreadable'; problem: string }
  /** No manifest; `salvaged` are its entries that are whole, `lost` those of which it can be said what they were. */
  | { kind: 'damaged'; problem: string; salvaged: Entries; lost: readonly Origin[] };

/** Never throws. `formatManifest(entries, lost)` comes back as `entries` and `lost`. */
export function parseManifest(text: string): ParsedManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { kind: 'damaged', problem: `it is not JSON (${problem})`, ...salvage(text) };
  }
  const head = Head.safeParse(json);
  if (head.success && head.data.version > manifestVersion) {
    const problem = `it is of version ${head.data.version}, and this program reads up to ${manifestVersion}`;
    return { kind: 'newer', problem };
  }
  const manifest = Manifest.safeParse(json);
  if (manifest.success) {
    const { libraries, lost = [] } = manifest.data;
    return { kind: 'ok', entries: libraries, lost };
  }
  return { kind: 'damaged', problem: faults(manifest.error), ...salvage(text) };
}

/** Of what was lost, what is there again is left out. */
export function formatManifest(entries: Entries, lost: readonly Origin[] = []): string {
  const ids = new Set(entries.map(({ id }) => id));
  const missing = lost.filter(({ id }) => !ids.has(id));
  const manifest = {
    version: manifestVersion,
    libraries: entries,
    ...(missing.length > 0 && { lost: missing }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The record that others see of an entry. */
export function libraryOf(entry: Entry): Library {
  const {
    entry: _entry,
    bundled: _bundled,
    inputs: _inputs,
    checked: _checked,
    untried: _untried,
    ...library
  } = entry;
  return library;
}

/** The contents that are named: relative to the cache folder. */
export const filesOf = (entries: Entries): Set<string> =>
  new Set(entries.flatMap(({ file, untried }) => (untried === undefined ? [file] : [file, untried.file])));

/** The version of a library of disk where nothing says another. */
export const localVersion = 'local';

/** The absolute path of a local library; `undefined` of one from the registry. */
export const localPath = ({ source }: Pick<Entry, 'source'>): string | undefined =>
  source.startsWith('file:') ? source.slice('file:'.length) : undefined;

/** Every fault with its path, in one line. */
export const faults = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`).join('; ');

function salvage(text: string): { salvaged: Entries; lost: Origin[] } {
  const whole = new Map<string, Entry>();
  const lost = new Map<string, Origin>();
  for (const fragment of fragmentsOf(text)) {
    const entry = Entry.safeParse(fragment.value);
    const origin = entry.success ? undefined : originOf(fragment);
    if (entry.success) whole.set(entry.data.id, entry.data);
    // The first of its id: what is around all entries begins with one of them, too.
    else if (origin !== undefined && !lost.has(origin.id)) lost.set(origin.id, origin);
  }
  return { salvaged: [...whole.values()], lost: [...lost.values()].filter(({ id }) => !whole.has(id)) };
}

/** `undefined` where it does not say what library it was and where that came from. */
function originOf(fragment: Fragment): Origin | undefined {
  const id = textIn(fragment, 'id') ?? '';
  const source = textIn(fragment, 'source') ?? '';
  const at = id.lastIndexOf('@');
  const [name, version] = [id.slice(0, at), id.slice(at + 1)];
  const isFitting = source.startsWith('npm:') ? source === `npm:${id}` : sourceShape.test(source);
  if (!nameShape.test(name) || version === '' || !isFitting) return undefined;
  return { id, name, version, source, global: textIn(fragment, 'global'), entry: textIn(fragment, 'entry') };
}
