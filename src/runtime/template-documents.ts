// Template documents applied and written: a template becomes exactly what its document says, and says so itself.
import {
  TemplateDocument,
  type PinnedLibrary,
  type Policy,
  type PolicyInput,
  type Template,
} from '../records/index.js';
import { RuntimeError } from './errors.js';
import { pinLibraries } from './library-pins.js';
import { makePolicy } from './policy.js';
import { policyChanges, toDocument } from './template-document.js';
import type { AppliedTemplate, LibrarySource, TemplateDocuments, Templates } from './types.js';

type LibraryEntry = NonNullable<TemplateDocument['libraries']>[number];

export class TemplateDocumentService implements TemplateDocuments {
  readonly #templates: Templates;
  readonly #libraries: LibrarySource;

  constructor(templates: Templates, libraries: LibrarySource) {
    this.#templates = templates;
    this.#libraries = libraries;
  }

  apply(given: TemplateDocument, { dryRun = false }: { dryRun?: boolean | undefined } = {}): AppliedTemplate {
    const { name, libraries = [], ...rest } = parse(given);
    const current = this.#find(name);
    const pins = this.#pins(libraries, current?.libraries ?? []);
    const policy: Policy = { ...makePolicy(rest), libraries: pins };
    const changes = policyChanges(current ?? makePolicy({}), policy);
    const isDone = dryRun || (current !== undefined && changes.length === 0);
    const template = isDone ? current : this.#save(name, policy, current);
    return {
      ...(template === undefined ? {} : { template }),
      created: current === undefined,
      changes,
      applied: !isDone,
    };
  }

  export(template: string, options: { integrity?: boolean | undefined } = {}): TemplateDocument {
    const found = this.#templates.get(template);
    return toDocument(found.name, found, options);
  }

  #find(name: string): Template | undefined {
    try {
      return this.#templates.get(name);
    } catch (error) {
      if (error instanceof RuntimeError && error.code === 'TEMPLATE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  #save(name: string, { libraries, ...policy }: Policy, current: Template | undefined): Template {
    const ids = libraries.map(({ id }) => id);
    if (current === undefined) return this.#templates.create({ name, ...policy, libraries: ids });
    const isSame = libraries === current.libraries;
    const change: PolicyInput = isSame ? policy : { ...policy, libraries: ids };
    return this.#templates.update(name, change);
  }

  /** Where the template has just these already, they stay, also where the cache has lost one. */
  #pins(entries: readonly LibraryEntry[], current: PinnedLibrary[]): PinnedLibrary[] {
    const wanted = entries.map((entry) => (typeof entry === 'string' ? { id: entry } : entry));
    const isThere =
      wanted.length === current.length &&
      current.every(({ id, integrity }, at) => {
        const { id: wantedId, integrity: expected = integrity } = wanted[at] ?? {};
        return id === wantedId && integrity === expected;
      });
    if (isThere) return current;
    const pins = pinLibraries(
      wanted.map(({ id }) => id),
      this.#libraries,
    );
    pins.forEach(({ id, integrity }, at) => {
      const expected = wanted[at]?.integrity ?? integrity;
      if (expected !== integrity) throw mismatch(id, expected, integrity);
    });
    return pins;
  }
}

function parse(document: TemplateDocument): TemplateDocument {
  const parsed = TemplateDocument.safeParse(document);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new RuntimeError('VALIDATION_ERROR', `template document: ${text}`, { details: { issues } });
}

const mismatch = (id: string, expected: string, got: string): RuntimeError =>
  new RuntimeError(
    'INTEGRITY_MISMATCH',
    `library ${JSON.stringify(id)}: the one in the cache is another than the document means (expected ${expected}, got ${got}); add the right one with "vmsys lib add", or take the integrity out of the document`,
  );
