// Templates: the policy that sessions are made from. Every field here is enforced by the runtime; what it
// cannot enforce is refused when it is declared.
import * as z from 'zod';
import { Name, TemplateId, Timestamp } from './ids.js';
import { Integrity, LibraryId, PinnedLibrary } from './library.js';

export const Limits = z.strictObject({
  cpuMs: z.int().min(1).max(3_600_000).describe('CPU time of one execution, milliseconds'),
  wallMs: z.int().min(1).max(86_400_000).describe('time from start to end of one execution, milliseconds'),
  memMb: z.int().min(16).max(2048).describe('memory of the session, MiB, the engine included (about 6)'),
  maxEvents: z
    .int()
    .min(2)
    .max(100_000)
    .describe('events one execution may record, its echo and its end included'),
  maxOutputKb: z.int().min(1).max(65_536).describe('text one execution may print and return, KiB'),
});
export type Limits = z.infer<typeof Limits>;

export const defaultLimits: Limits = {
  cpuMs: 5000,
  wallMs: 30_000,
  memMb: 128,
  maxEvents: 1000,
  maxOutputKb: 512,
};

export const Resolver = z.strictObject({
  roots: z
    .array(z.string().min(1))
    .max(32)
    .describe('folders inside the worktree where bare imports are looked up'),
  extensions: z
    .array(z.string().regex(/^\.[A-Za-z0-9]+$/))
    .min(1)
    .max(16)
    .describe('endings of files that may run'),
  allowAbsoluteRepoImports: z.boolean().describe('whether "/x.js" means x.js in the worktree'),
});
export type Resolver = z.infer<typeof Resolver>;

export const defaultResolver: Resolver = {
  roots: [],
  extensions: ['.js', '.mjs', '.ts'],
  allowAbsoluteRepoImports: false,
};

export const RuntimeSettings = z.strictObject({
  esm: z.boolean().describe('run files as ES modules'),
  strict: z.boolean().describe('run scripts in strict mode'),
  console: z.boolean().describe('give scripts a console'),
  warm: z.boolean().describe('run startup files once and give later sessions a copy of where they led'),
});
export type RuntimeSettings = z.infer<typeof RuntimeSettings>;

export const defaultRuntimeSettings: RuntimeSettings = {
  esm: false,
  strict: false,
  console: true,
  warm: true,
};

export const Capability = z.strictObject({
  kind: z
    .enum(['module', 'global', 'fs', 'net', 'env'])
    .describe(
      'a module to import, the same as a global variable, a folder or file, an origin, a variable of the environment',
    ),
  name: z
    .string()
    .min(1)
    .max(4096)
    .describe(
      'as in `template.modules`; of kind fs a path, absolute or after `~/`; of kind env the variable',
    ),
  enabled: z.boolean().describe('false: denied, whatever else grants it'),
  config: z
    .record(z.string(), z.json())
    .describe(
      'what it allows, as `template.modules` describes it; of kind fs `{"write": true}` to write there',
    ),
});
export type Capability = z.infer<typeof Capability>;

export const CapabilityInput = Capability.partial({ enabled: true, config: true });
export type CapabilityInput = z.infer<typeof CapabilityInput>;

export const StartupFile = z.strictObject({
  path: z.string().min(1).max(4096).describe('relative to the worktree'),
  order: z.int().min(0).max(1_000_000).describe('lower runs first'),
});
export type StartupFile = z.infer<typeof StartupFile>;

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable');
export const Environment = z.record(variableName, z.string());
export type Environment = z.infer<typeof Environment>;

export const Template = z.strictObject({
  id: TemplateId,
  name: Name,
  engine: z.literal('quickjs'),
  version: z.int().min(1),
  limits: Limits,
  resolver: Resolver,
  runtime: RuntimeSettings,
  capabilities: z.array(Capability),
  startup: z.array(StartupFile),
  libraries: z.array(PinnedLibrary).describe('what its sessions load, in this order, before startup files'),
  env: Environment,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Template = z.infer<typeof Template>;

/** The part of a template that a version freezes: everything but its name, number and dates. */
export const Policy = Template.pick({
  engine: true,
  limits: true,
  resolver: true,
  runtime: true,
  capabilities: true,
  startup: true,
  libraries: true,
  env: true,
});
export type Policy = z.infer<typeof Policy>;

const LibraryReference = z.string().min(1).max(256);

/** What a client writes to make or change a template: every field optional, nested ones too. */
export const PolicyInput = z.strictObject({
  engine: z.literal('quickjs').optional().describe('what runs the code; there is one'),
  limits: Limits.partial().optional().describe('how much one execution, and the session, may use'),
  resolver: Resolver.partial().optional().describe('where `import` and `require` find files of the worktree'),
  runtime: RuntimeSettings.partial().optional().describe('how files and scripts are run'),
  capabilities: z
    .array(CapabilityInput)
    .max(256)
    .optional()
    .describe('all that sessions may use of the host: `{kind, name, enabled?, config?}`'),
  startup: z
    .array(z.union([z.string().min(1).max(4096), StartupFile.partial({ order: true })]))
    .max(256)
    .optional()
    .describe('files of the worktree that run when a session starts: paths, or `{path, order}`'),
  libraries: z
    .array(LibraryReference)
    .max(256)
    .optional()
    .describe('ids or names of libraries, loaded in this order before startup files'),
  env: Environment.optional().describe('variables of its scripts’ `process.env`, and their values'),
});
export type PolicyInput = z.infer<typeof PolicyInput>;

/** A template as a file says it: what is absent is as in a new template. */
export const TemplateDocument = z.strictObject({
  name: Name.describe('name of the template, by which it is found again'),
  ...PolicyInput.shape,
  libraries: z
    .array(
      z.union([
        LibraryReference,
        z.strictObject({
          id: LibraryId,
          integrity: Integrity.optional().describe('refused where the library in the cache has another'),
        }),
      ]),
    )
    .max(256)
    .optional()
    .describe('ids or names of libraries, or `{id, integrity}`; loaded in this order before startup files'),
});
export type TemplateDocument = z.infer<typeof TemplateDocument>;
