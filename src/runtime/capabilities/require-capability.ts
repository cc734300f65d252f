// What a template may grant: kinds, names and configs that mean something here. All else is refused when it is added,
// so that no grant is only stored.
import type * as z from 'zod';
import type { Capability } from '../../records/index.js';
import { RuntimeError } from '../errors.js';
import { catalogue } from './catalogue.js';
import type { CatalogueEntry } from './host-module.js';
import { configs } from './configs.js';
import { parseOrigin } from './net/origin.js';

/** The capability, its name in the one way to write it and its config checked. Throws MODULE_NOT_ALLOWED or VALIDATION_ERROR. */
export function requireCapability(capability: Capability): Capability {
  const { kind, name, config } = capability;
  switch (kind) {
    case 'module':
    case 'global':
      requireModule(kind, name, config);
      return capability;
    case 'env':
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw invalid('name', `expected the name of an environment variable, got ${JSON.stringify(name)}`);
      requireFields(kind, config, []);
      return capability;
    case 'fs':
      requirePath(name);
      requireFields(kind, config, ['write']);
      return capability;
    case 'net':
      requireConfig(capability, configs['net']);
      return { ...capability, name: requireOrigin(name) };
  }
}

function requireModule(kind: 'module' | 'global', name: string, config: Capability['config']): void {
  const nameIn = (known: CatalogueEntry): string => (kind === 'module' ? known.name : known.global.name);
  const entry = catalogue.find((known) => nameIn(known) === name);
  if (entry?.grantedBy === 'net')
    throw new RuntimeError(
      'MODULE_NOT_ALLOWED',
      `capability ${kind} ${JSON.stringify(name)}: granted by origin, as a capability net "https://api.example.com"`,
    );
  const schema = entry === undefined ? undefined : configs[entry.name];
  if (schema === undefined) {
    const names = catalogue
      .filter(({ grantedBy }) => grantedBy === undefined)
      .map(nameIn)
      .join(', ');
    const builtIn = Object.hasOwn(globalThis, name) ? ': a part of the language or of every session' : '';
    throw new RuntimeError(
      'MODULE_NOT_ALLOWED',
      `capability ${kind} ${JSON.stringify(name)}: not one that can be granted${builtIn}; expected ${names}`,
    );
  }
  requireConfig({ kind, name, config }, schema);
}

function requireConfig(
  { kind, name, config }: Pick<Capability, 'kind' | 'name' | 'config'>,
  schema: z.ZodType | undefined,
): void {
  const parsed = schema?.safeParse(config);
  if (parsed === undefined || parsed.success) return;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: ['config', ...path].join('.'),
    message,
  }));
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new RuntimeError('VALIDATION_ERROR', `capability ${kind} ${JSON.stringify(name)}: ${text}`, {
    details: { issues },
  });
}

function requireOrigin(name: string): string {
  const origin = parseOrigin(name);
  if (origin !== undefined) return origin;
  throw invalid(
    'name',
    `${JSON.stringify(name)}: expected an origin such as "https://api.example.com" or "http://127.0.0.1:8080": http or https, a host, a port if need be; no path, user, or "*"`,
  );
}

/** What is there changes the machine, or leads to everything: it is no use to grant it, for it is never reached. */
const neverGranted = /^\/(?:proc|sys|dev)(?:\/|$)/;

function requirePath(name: string): void {
  if (name.includes('\0')) throw invalid('name', `path ${JSON.stringify(name)} holds a null byte`);
  const isRooted = name.startsWith('/') || name === '~' || name.startsWith('~/');
  if (!isRooted || name.split('/').includes('..'))
    throw invalid(
      'name',
      `path ${JSON.stringify(name)}: expected an absolute one, or one that begins with "~/", without ".."`,
    );
  if (neverGranted.test(name))
    throw new RuntimeError(
      'MODULE_NOT_ALLOWED',
      `capability fs ${JSON.stringify(name)}: never granted; no script reaches /proc, /sys and /dev`,
    );
}

function requireFields(kind: string, config: Capability['config'], known: readonly string[]): void {
  for (const [field, value] of Object.entries(config)) {
    if (!known.includes(field)) {
      const expected =
        known.length === 0 ? `a capability of kind ${kind} has no config` : `expected ${known.join(', ')}`;
      throw invalid(`config.${field}`, `unknown: ${expected}`);
    }
    if (typeof value !== 'boolean')
      throw invalid(`config.${field}`, `expected true or false, got ${JSON.stringify(value)}`);
  }
}

const invalid = (path: string, message: string): RuntimeError =>
  new RuntimeError('VALIDATION_ERROR', `${path}: ${message}`, { details: { issues: [{ path, message }] } });
