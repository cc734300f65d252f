// The registry, as one fetching of a library uses it: what a package is, which others it needs, and their files.
import { mkdir, rename } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import * as z from 'zod';
import type { LibraryDependency } from '../../records/index.js';
import { LibraryError, unavailable } from '../errors.js';
import type { PrepareHooks } from '../fetcher.js';
import { maxDownloads, maxPackages } from './bounds.js';
import type { NpmOptions } from './npm-config.js';
import { cancelled, fromNpm } from './npm-errors.js';
import { DownloadProgress } from './download-progress.js';
import { PackumentCache } from './packument-cache.js';
import { unpack, type Unpacked } from './unpack.js';

/** A package as the registry describes it. */
export interface RegistryPackage {
  name: string;
  version: string;
  /** Where its tarball is. */
  resolved: string;
  /** Of its tarball. Very old packages have a sha1 only. */
  integrity: string;
  /** Of its files, unpacked; most registries know it. */
  bytes: number | undefined;
}

/** A package that another one needs, with its place below the folder of the tree. */
export interface TreePackage extends RegistryPackage {
  location: string;
}

const Sized = z.object({ dist: z.object({ unpackedSize: z.int().min(0) }) });

/** What the registry says that its files come to. */
const bytesOf = (manifest: unknown): number | undefined => Sized.safeParse(manifest).data?.dist.unpackedSize;

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  _resolved: z.string(),
  _integrity: z.string().min(1),
  dependencies: z.record(z.string(), z.string()).optional(),
  peerDependencies: z.record(z.string(), z.string()).optional(),
});

export class NpmClient {
  readonly #spec: string;
  readonly #options: NpmOptions & { signal: AbortSignal };
  readonly #hooks: PrepareHooks;
  /** Raised by the first failure: what else is under way is of no use then. */
  readonly #stop = new AbortController();
  readonly #unpacked: Unpacked = { bytes: 0, files: 0 };

  /** `spec` is what errors and progress call the library. */
  constructor(
    spec: string,
    options: NpmOptions,
    hooks: PrepareHooks,
    pinned: readonly LibraryDependency[] | undefined,
  ) {
    this.#spec = spec;
    this.#hooks = hooks;
    const signal = AbortSignal.any([hooks.signal, this.#stop.signal]);
    this.#options = { ...options, signal, packumentCache: new PackumentCache(pinned) };
  }

  /** The package that `selector` (a version, a range or a tag) means now. */
  async resolve(name: string, selector: string): Promise<RegistryPackage & { needsOthers: boolean }> {
    const spec = `${name}@${selector}`;
    return this.#ask(`looking for ${spec}`, name, async () => {
      const { default: pacote } = await import('pacote');
      const manifest = await pacote.manifest(spec, this.#options);
      const answer = Manifest.safeParse(manifest);
      if (!answer.success) {
        throw unavailable(
          'fetch',
          `library "${this.#spec}": what the registry says of ${spec} has no integrity, or lacks its name, version or ` +
            `tarball; ask those who run it`,
        );
      }
      const { version, _resolved, _integrity, dependencies, peerDependencies } = answer.data;
      if (answer.data.name !== name) {
        throw new LibraryError(
          'INTEGRITY_MISMATCH',
          `library "${this.#spec}": the registry was asked for ${name} and answered with ${answer.data.name}`,
        );
      }
      const others = { ...dependencies, ...peerDependencies };
      const needsOthers = Object.keys(others).length > 0;
      const bytes = bytesOf(manifest);
      return { name, version, resolved: _resolved, integrity: _integrity, bytes, needsOthers };
    });
  }

  /** Every package that this one needs, and itself, placed as npm would place them in `folder`. */
  async tree(root: RegistryPackage, folder: string): Promise<TreePackage[]> {
    const id = `${root.name}@${root.version}`;
    return this.#ask(`resolving the dependencies of ${id}`, root.name, async () => {
      const { default: Arborist } = await import('@npmcli/arborist');
      const arborist = new Arborist({ ...this.#options, path: folder });
      const tree = await arborist.buildIdealTree({ add: [id] });
      const nodes = [...tree.inventory.values()].filter(
        // What is optional is native code, mostly; who wants it can do without.
        (node) => node.location !== '' && !node.inBundle && !node.optional,
      );
      if (nodes.length > maxPackages) {
        throw unavailable(
          'too-large',
          `library "${this.#spec}": it needs ${nodes.length} packages; a library may have ${maxPackages}`,
        );
      }
      return nodes.map(({ name, version, location, resolved, integrity, isLink, package: manifest }) => {
        if (isLink || resolved === null || integrity === null) {
          throw unavailable(
            'bundle',
            `library "${this.#spec}": ${name}@${version}, which it needs, comes without an integrity`,
          );
        }
        const place = insideOf(folder, location);
        return { name, version, location: place, resolved, integrity, bytes: bytesOf(manifest) };
      });
    });
  }

  /** Downloads packages to their places below `folder`, each checked against its integrity. Runs nothing of them. */
  async download(packages: readonly TreePackage[], folder: string): Promise<void> {
    const arrived = join(folder, 'arrived');
    // A package can lie in another one, which must not be unpacked over it: first come those that are further out.
    const inOrder = packages.toSorted((one, other) => one.location.length - other.location.length);
    await this.#downloadAll(inOrder, (index) => join(arrived, String(index)));
    for (const [index, { location }] of inOrder.entries()) {
      const place = join(folder, location);
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(join(arrived, String(index)), place);
    }
  }

  async #downloadAll(packages: readonly TreePackage[], placeOf: (index: number) => string): Promise<void> {
    const line = [...packages.entries()];
    const failures: unknown[] = [];
    const before = this.#unpacked.bytes;
    const progress = new DownloadProgress(packages, (done, total) =>
      this.#hooks.onProgress({ library: this.#spec, step: 'fetch', done, ...(total && { total }) }),
    );
    const takeFromLine = async (): Promise<void> => {
      for (let next = line.shift(); next !== undefined; next = line.shift()) {
        const [index, one] = next;
        await this.#downloadOne(one, placeOf(index), () => progress.at(this.#unpacked.bytes - before));
      }
    };
    const guarded = () =>
      takeFromLine().catch((error: unknown) => {
        line.length = 0;
        failures.push(error);
      });
    await Promise.all(Array.from({ length: maxDownloads }, guarded));
    // Later ones come of the first.
    if (failures.length > 0) throw failures[0];
    progress.end(this.#unpacked.bytes - before);
  }

  async #downloadOne(
    { name, version, resolved, integrity }: TreePackage,
    place: string,
    onBytes: () => void,
  ): Promise<void> {
    const id = `${name}@${version}`;
    await this.#ask(`fetching ${id}`, name, async () => {
      const { default: pacote } = await import('pacote');
      const options = { ...this.#options, resolved, integrity };
      await pacote.tarball.stream(id, (tarball) => unpack(tarball, place, this.#unpacked, onBytes), options);
    });
  }

  async #ask<Answer>(doing: string, name: string, action: () => Promise<Answer>): Promise<Answer> {
    try {
      this.#hooks.signal.throwIfAborted();
      return await action();
    } catch (error) {
      this.#stop.abort();
      if (this.#hooks.signal.aborted) throw cancelled(this.#spec);
      throw fromNpm(this.#spec, doing, this.#registryOf(name), error);
    }
  }

  #registryOf(name: string): string {
    const scoped = name.startsWith('@') ? this.#options[`${name.split('/', 1)[0]}:registry`] : undefined;
    return typeof scoped === 'string' ? scoped : this.#options.registry;
  }
}

/** A name in a registry's answer must not lead out of the folder. */
function insideOf(folder: string, location: string): string {
  const path = relative(folder, join(folder, location));
  if (path === '' || path.startsWith('..') || isAbsolute(path)) {
    throw unavailable(
      'fetch',
      `a package of the registry wants to be at "${location}", outside of its folder`,
    );
  }
  return path;
}
