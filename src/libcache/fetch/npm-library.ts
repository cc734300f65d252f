// A package of the registry as a library: fetched into a temporary folder, made into one file, the folder removed.
import { join, sep } from 'node:path';
import type { LibraryDependency } from '../../records/index.js';
import type { PreparedLibrary, PrepareHooks } from '../fetcher.js';
import { bundle, keep, type OneFile } from './bundle.js';
import { chooseGlobal } from './names.js';
import { NpmClient, type TreePackage } from './npm-client.js';
import { readNpmConfig } from './npm-config.js';
import { findEntry, findScript } from './package-entry.js';

export interface NpmWanted {
  /** What errors and progress call the library. */
  spec: string;
  name: string;
  selector: string;
  entry: string | undefined;
  global: string | undefined;
  pinned: readonly LibraryDependency[] | undefined;
  bundled: boolean;
}

/** `folder` is empty, real, and the caller's to remove. */
export async function prepareFromNpm(
  wanted: NpmWanted,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  hooks: PrepareHooks,
): Promise<PreparedLibrary> {
  const global = chooseGlobal(wanted.name, wanted.global);
  hooks.onProgress({ library: wanted.spec, step: 'resolve' });
  const config = await readNpmConfig(env, join(folder, 'npm-cache'));
  const client = new NpmClient(wanted.spec, config, hooks, wanted.pinned);
  const root = await client.resolve(wanted.name, wanted.selector);
  const id = `${root.name}@${root.version}`;
  const work = join(folder, 'packages');
  const self: TreePackage = { ...root, location: join('node_modules', root.name) };
  await client.download([self], work);
  const placed = { id, name: root.name, folder: work, signal: hooks.signal };

  const script = wanted.entry === undefined && !wanted.bundled ? await findScript(placed) : undefined;
  let dependencies: LibraryDependency[] = [];
  let file: OneFile;
  if (script !== undefined) {
    file = await keep(script.source, script.probe);
  } else {
    const tree = root.needsOthers ? await client.tree(root, work) : [self];
    const others = tree.filter(({ location }) => location !== self.location);
    if (others.length > 0) await client.download(others, work);
    hooks.onProgress({ library: wanted.spec, step: 'bundle' });
    const { source, probe } = await findEntry(placed, wanted.entry);
    file = await bundle(source, probe);
    dependencies = packagesOf(file, others, work);
  }
  return {
    name: root.name,
    version: root.version,
    source: `npm:${id}`,
    global,
    format: file.format,
    code: file.code,
    sourceMap: file.sourceMap,
    ...(script === undefined ? {} : { isOwnScript: true }),
    ...(dependencies.length > 0 ? { dependencies } : {}),
  };
}

/** The packages that files of the bundle are from, each version once, by name. */
function packagesOf(
  { inputs }: OneFile,
  packages: readonly TreePackage[],
  folder: string,
): LibraryDependency[] {
  const places = new Map(packages.map((one) => [join(folder, one.location), one]));
  const used = new Map<string, LibraryDependency>();
  for (const input of inputs) {
    // The innermost: a package can lie in another one's node_modules.
    const parts = input.split(sep);
    let length = parts.length - 1;
    while (length > 0 && !places.has(parts.slice(0, length).join(sep))) length -= 1;
    const found = places.get(parts.slice(0, length).join(sep));
    if (found === undefined) continue;
    const { name, version, integrity } = found;
    used.set(`${name}@${version}`, { name, version, integrity });
  }
  return [...used.values()].sort((one, other) =>
    `${one.name}@${one.version}` < `${other.name}@${other.version}` ? -1 : 1,
  );
}
