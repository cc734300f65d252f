import * as z from 'zod';
import {
  Capability,
  CapabilityInput,
  Name,
  PolicyInput,
  Reference,
  StartupFile,
  Template,
} from '../../records/index.js';
import { method, noParams, nothing, page, pageParams } from './method.js';

const template = Reference.describe('id or name of a template');

export const templateMethods = {
  'template.create': method({
    summary: 'Make a template: the policy that sessions are made from.',
    params: z.strictObject({ name: Name, ...PolicyInput.shape }),
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
    params: z.strictObject({ template, name: Name.optional(), ...PolicyInput.shape }),
    result: Template,
    positional: ['template'],
    errors: ['TEMPLATE_NOT_FOUND', 'NAME_TAKEN', 'MODULE_NOT_ALLOWED', 'LIBRARY_NOT_FOUND', 'INVALID_PATH'],
  }),
  'template.addStartup': method({
    summary: 'Have a file of the worktree run when a session starts.',
    params: z.strictObject({
      template,
      path: StartupFile.shape.path,
      order: StartupFile.shape.order.optional(),
    }),
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
    summary: 'Grant sessions something of the host.',
    params: z.strictObject({ template, ...CapabilityInput.shape }),
    result: Template,
    positional: ['template', 'kind', 'name'],
    errors: ['TEMPLATE_NOT_FOUND', 'MODULE_NOT_ALLOWED'],
  }),
  'template.removeCapability': method({
    summary: 'No longer grant it.',
    params: z.strictObject({ template, kind: Capability.shape.kind, name: Capability.shape.name }),
    result: Template,
    positional: ['template', 'kind', 'name'],
    errors: ['TEMPLATE_NOT_FOUND', 'MODULE_NOT_ALLOWED'],
  }),
  'template.addLibrary': method({
    summary: 'Have a library of the cache loaded when a session starts.',
    params: z.strictObject({ template, library: z.string().min(1) }),
    result: Template,
    positional: ['template', 'library'],
    errors: ['TEMPLATE_NOT_FOUND', 'LIBRARY_NOT_FOUND'],
  }),
  'template.removeLibrary': method({
    summary: 'No longer load it.',
    params: z.strictObject({ template, library: z.string().min(1) }),
    result: Template,
    positional: ['template', 'library'],
    errors: ['TEMPLATE_NOT_FOUND', 'LIBRARY_NOT_FOUND'],
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
