// Templates as clients see them: made, changed into a new version, and deleted with what was made from them.
import {
  Name,
  newId,
  type CapabilityInput,
  type PinnedLibrary,
  type Policy,
  type PolicyInput,
  type SessionId,
  type Template,
} from '../records/index.js';
import * as z from 'zod';
import { catalogue } from './capabilities/catalogue.js';
import { configs } from './capabilities/configs.js';
import { parseOrigin } from './capabilities/net/origin.js';
import { RuntimeError } from './errors.js';
import { addPin, nameOfLibrary } from './library-pins.js';
import { makePolicy, requireDistinct, toCapability, toStartup } from './policy.js';
import { pageOf, parsePage } from './store/page.js';
import type { Store } from './store/store.js';
import type { LibrarySource, Page, PageInput, Templates } from './types.js';
import { requireRelativePath } from './worktree.js';

/** The template that always exists. */
export const defaultTemplateName = 'default';

export class TemplateService implements Templates {
  readonly #store: Store;
  readonly #libraries: LibrarySource;
  readonly #deleteSession: (session: SessionId) => Promise<void>;

  constructor(store: Store, libraries: LibrarySource, deleteSession: (session: SessionId) => Promise<void>) {
    this.#store = store;
    this.#libraries = libraries;
    this.#deleteSession = deleteSession;
    if (store.templates.find(defaultTemplateName) === undefined) this.create({ name: defaultTemplateName });
  }

  create({ name, ...policy }: PolicyInput & { name: string }): Template {
    const now = new Date().toISOString();
    const template: Template = {
      id: newId('tpl'),
      name: parseName(name),
      version: 1,
      ...makePolicy(policy, undefined, this.#libraries),
      createdAt: now,
      updatedAt: now,
    };
    return this.#save(template);
  }

  get(template: string): Template {
    return requireTemplate(this.#store, template);
  }

  list(page: PageInput = {}): Page<Template> {
    const { limit, before } = parsePage(page);
    return pageOf(this.#store.templates.list(before, limit + 1), limit, ({ template }) => template);
  }

  update(template: string, { name, ...change }: PolicyInput & { name?: string | undefined }): Template {
    const current = this.get(template);
    if (name !== undefined && name !== current.name && current.name === defaultTemplateName) {
      throw new RuntimeError(
        'VALIDATION_ERROR',
        `template ${quote(current.name)} keeps its name: sessions are made from it by default`,
      );
    }
    const renamed = name === undefined ? current : { ...current, name: parseName(name) };
    return this.#change(renamed, makePolicy(change, toPolicy(current), this.#libraries));
  }

  async delete(template: string): Promise<void> {
    const { id, name } = this.get(template);
    if (name === defaultTemplateName) {
      throw new RuntimeError(
        'VALIDATION_ERROR',
        `template ${quote(name)} cannot be deleted: sessions are made from it by default`,
      );
    }
    // Again and again: others may be made of it while these end.
    for (let ids = this.#store.sessions.idsOfTemplate(id); ids.length > 0;) {
      for (const session of ids) await this.#deleteSession(session);
      ids = this.#store.sessions.idsOfTemplate(id);
    }
    this.#store.templates.delete(id);
    this.#store.images.sweep();
  }

  addStartup(template: string, file: { path: string; order?: number | undefined }): Template {
    const current = this.get(template);
    const path = requireRelativePath(file.path);
    const others = current.startup.filter((other) => other.path !== path);
    return this.#change(current, {
      ...toPolicy(current),
      startup: toStartup([...others, { ...file, path }]),
    });
  }

  removeStartup(template: string, path: string): Template {
    const current = this.get(template);
    const startup = current.startup.filter((file) => file.path !== requireRelativePath(path));
    if (startup.length === current.startup.length) {
      throw new RuntimeError('FILE_NOT_FOUND', `template ${quote(template)}: no startup file ${quote(path)}`);
    }
    return this.#change(current, { ...toPolicy(current), startup });
  }

  addCapability(template: string, capability: CapabilityInput): Template {
    const current = this.get(template);
    const added = toCapability(capability);
    const others = current.capabilities.filter((other) => !isSame(other, added));
    const capabilities = requireDistinct([...others, added]);
    return this.#change(current, { ...toPolicy(current), capabilities });
  }

  removeCapability(template: string, capability: { kind: string; name: string }): Template {
    const current = this.get(template);
    const { kind } = capability;
    // An origin is stored in the one way to write it.
    const name = (kind === 'net' ? parseOrigin(capability.name) : undefined) ?? capability.name;
    const capabilities = current.capabilities.filter((other) => !isSame(other, { kind, name }));
    if (capabilities.length === current.capabilities.length) {
      const message = `template ${quote(template)} does not grant ${capability.kind} ${quote(capability.name)}`;
      throw new RuntimeError('MODULE_NOT_ALLOWED', message);
    }
    return this.#change(current, { ...toPolicy(current), capabilities });
  }

  addLibrary(template: string, library: string): Template {
    const current = this.get(template);
    const libraries = addPin(current.libraries, library, this.#libraries);
    return this.#change(current, { ...toPolicy(current), libraries });
  }

  removeLibrary(template: string, library: string): Template {
    const current = this.get(template);
    const libraries = current.libraries.filter(({ id }) => id !== library && nameOfLibrary(id) !== library);
    if (libraries.length === current.libraries.length) {
      throw new RuntimeError(
        'LIBRARY_NOT_FOUND',
        `template ${quote(template)} has no library ${quote(library)}`,
      );
    }
    return this.#change(current, { ...toPolicy(current), libraries });
  }

  /** Has the templates that pin another content of this library pin this one; answers them, changed. */
  renewPins({ id, integrity }: PinnedLibrary): Template[] {
    return this.#store.templates
      .pinning(id)
      .filter(({ libraries }) => libraries.some((pin) => pin.id === id && pin.integrity !== integrity))
      .map((current) => {
        const libraries = current.libraries.map((pin) => (pin.id === id ? { id, integrity } : pin));
        return this.#change(current, { ...toPolicy(current), libraries });
      });
  }

  modules(): ReturnType<Templates['modules']> {
    return catalogue.map(({ name, description, functions }) => ({
      name,
      description,
      functions: [...functions],
      config: z.toJSONSchema(configs[name] ?? z.strictObject({}), { io: 'input' }),
    }));
  }

  #change(current: Template, policy: Policy): Template {
    return this.#save({
      ...current,
      ...policy,
      version: current.version + 1,
      updatedAt: new Date().toISOString(),
    });
  }

  #save(template: Template): Template {
    if (this.#store.templates.save(template)) return template;
    throw new RuntimeError('NAME_TAKEN', `template name ${quote(template.name)} is taken`);
  }
}

function toPolicy({
  engine,
  limits,
  resolver,
  runtime,
  capabilities,
  startup,
  libraries,
  env,
}: Template): Policy {
  return { engine, limits, resolver, runtime, capabilities, startup, libraries, env };
}

const isSame = (a: { kind: string; name: string }, b: { kind: string; name: string }): boolean =>
  a.kind === b.kind && a.name === b.name;

/** A template by id or name. Throws TEMPLATE_NOT_FOUND. */
export function requireTemplate(store: Store, template: string): Template {
  const found = store.templates.find(template);
  if (found === undefined)
    throw new RuntimeError('TEMPLATE_NOT_FOUND', `template ${quote(template)} does not exist`);
  return found;
}

/** A name as it must be; throws VALIDATION_ERROR. */
export function parseName(name: string): string {
  const parsed = Name.safeParse(name);
  if (parsed.success) return parsed.data;
  const message = parsed.error.issues[0]?.message ?? 'not a name';
  throw new RuntimeError('VALIDATION_ERROR', `name: ${message}`, {
    details: { issues: [{ path: 'name', message }] },
  });
}

const quote = (text: string): string => JSON.stringify(text);
