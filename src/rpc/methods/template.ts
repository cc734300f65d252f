import * as z from 'zod';
import {
  Capability,
  CapabilityInput,
  Name,
  PolicyInput,
  Reference,
  StartupFile,
  Template,
  TemplateDocument,
} from '../../records/index.js';
import { method, noParams, nothing, page, pageParams } from './method.js';

const template = Reference.describe('id or name of a template');
const capability = { kind: Capability.shape.kind, name: Capability.shape.name };
const library = z.string().min(1).describe('id or name of a library');
const order = StartupFile.shape.order.optional();

/** One thing that applying a document changes. */
export const TemplateChange = z.strictObject({
  path: z.string().describe('`limits.cpuMs`, `capabilities.module fs`, `env.HOME`'),
  before: z.unknown().optional().describe('absent for what was not there'),
  after: z.unknown().optional().describe('absent for what is no longer there'),
});
export type TemplateChange = z.infer<typeof TemplateChange>;

export const templateMethods = {
  'template.create': method({
    summary: 'Make a template: the policy that sessions are made from.',
    params: z.strictObject({ name: Name.describe('unique among templates'), ...PolicyInput.shape }),
    result: Template,
    errors: ['NAME_TAKEN', 'MODULE_NOT_ALLOWED', 'LIBRARY_NOT_FOUND', 'INVALID_PATH'],
  }),
  'template.list': method({
    summary: 'Templates, newest first.',
    params: z.strictObject({ ...pageParams }),
    result: page(Template),
    idempotent: true,
  }),
  'template.get': method({
    summary: 'One template.',
    params: z.strictObject({ template }),
    result: Template,
    positional: ['template'],
    errors: ['TEMPLATE_NOT_FOUND'],
    idempotent: true,
  }),
  'template.delete': method({
    summary: 'Delete a template and everything made from it.',
    params: z.strictObject({ template }),
    result: nothing,
    positional: ['template'],
    errors: ['TEMPLATE_NOT_FOUND'],
  }),
  'template.update': method({
    summary: 'Change a template. Sessions keep the version they were made from.',
    params: z.strictObject({
      template,
      name: Name.optional().describe('a new name, unique among templates'),
      ...PolicyInput.shape,
    }),
    result: Template,
    positional: ['template'],
    errors: ['TEMPLATE_NOT_FOUND', 'NAME_TAKEN', 'MODULE_NOT_ALLOWED', 'LIBRARY_NOT_FOUND', 'INVALID_PATH'],
  }),
  'template.addStartup': method({
    summary: 'Have a file of the worktree run when a session starts.',
    params: z.strictObject({ template, path: StartupFile.shape.path, order }),
    result: Template,
    positional: ['template', 'path'],
    errors: ['TEMPLATE_NOT_FOUND', 'INVALID_PATH'],
  }),
  'template.removeStartup': method({
    summary: 'No longer run this file when a session starts.',
    params: z.strictObject({ template, path: StartupFile.shape.path }),
    result: Template,
    positional: ['template', 'path'],
    errors: ['TEMPLATE_NOT_FOUND', 'FILE_NOT_FOUND'],
  }),
  'template.addCapability': method({
    summary: 'Grant new sessions something of the host, in place of a capability of the same kind and name.',
    params: z.strictObject({ template, ...CapabilityInput.shape }),
    result: Template,
    positional: ['template', 'kind', 'name'],
    errors: ['TEMPLATE_NOT_FOUND', 'MODULE_NOT_ALLOWED'],
  }),
  'template.removeCapability': method({
    summary: 'No longer grant it.',
    params: z.strictObject({ template, ...capability }),
    result: Template,
    positional: ['template', 'kind', 'name'],
    errors: ['TEMPLATE_NOT_FOUND', 'MODULE_NOT_ALLOWED'],
  }),
  'template.addLibrary': method({
    summary: 'Have a library of the cache loaded when a session starts.',
    params: z.strictObject({ template, library }),
    result: Template,
    positional: ['template', 'library'],
    errors: ['TEMPLATE_NOT_FOUND', 'LIBRARY_NOT_FOUND', 'LIBRARY_UNAVAILABLE'],
  }),
  'template.removeLibrary': method({
    summary: 'No longer load it.',
    params: z.strictObject({ template, library }),
    result: Template,
    positional: ['template', 'library'],
    errors: ['TEMPLATE_NOT_FOUND', 'LIBRARY_NOT_FOUND'],
  }),
  'template.apply': method({
    summary: 'Make a template, or change it, to exactly what a document says.',
    params: z.strictObject({
      ...TemplateDocument.shape,
      dryRun: z.boolean().optional().describe('change nothing, only say what would be changed'),
    }),
    result: z.strictObject({
      template: Template.optional().describe('as it is now; absent where a dry run would have made it'),
      created: z.boolean().describe('whether there was none of this name'),
      changes: z.array(TemplateChange).describe('of a new template: what differs from the defaults'),
      applied: z.boolean().describe('whether anything was written'),
    }),
    errors: [
      'MODULE_NOT_ALLOWED',
      'LIBRARY_NOT_FOUND',
      'LIBRARY_UNAVAILABLE',
      'INTEGRITY_MISMATCH',
      'INVALID_PATH',
    ],
    idempotent: true,
  }),
  'template.export': method({
    summary: 'A template as a document: what differs from the defaults.',
    params: z.strictObject({
      template,
      integrity: z.boolean().optional().describe('libraries with the integrity of their content'),
    }),
    result: TemplateDocument,
    positional: ['template'],
    errors: ['TEMPLATE_NOT_FOUND'],
    idempotent: true,
  }),
  'template.suggest': method({
    summary: 'The smallest set of capabilities that would have covered what a session asked of the host.',
    params: z
      .strictObject({
        session: Reference.optional().describe('id or name of a session'),
        execution: z.string().min(1).max(128).optional().describe('id of one execution'),
      })
      .refine(
        ({ session, execution }) => (session === undefined) !== (execution === undefined),
        'expected either session or execution',
      ),
    result: z.strictObject({
      template: Name.describe('the template that the session was made from'),
      capabilities: z.array(CapabilityInput),
      unused: z
        .array(z.strictObject(capability))
        .describe('what the session’s version of the template grants beside that'),
      calls: z.int().describe('calls of the host that were looked at'),
      denied: z.int().describe('how many of them were denied'),
      unrecorded: z
        .int()
        .describe(
          'calls beyond those that executions record, or that a suggestion looks at: they are not covered',
        ),
      uncovered: z
        .array(
          z.strictObject({ module: z.string(), call: z.string(), target: z.string(), reason: z.string() }),
        )
        .describe('calls that no capability allows'),
    }),
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND', 'EXECUTION_NOT_FOUND'],
    idempotent: true,
  }),
  'template.modules': method({
    summary: 'The host modules that a template may grant.',
    params: noParams,
    result: z.strictObject({
      items: z.array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          functions: z.array(z.string()),
          config: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
    idempotent: true,
  }),
};
