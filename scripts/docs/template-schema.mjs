// The schema of template documents becomes JSON Schema, for editors that complete and check template files: with the
// defaults, and of each capability what its config may say.
import * as z from 'zod';
import {
  defaultLimits,
  defaultResolver,
  defaultRuntimeSettings,
  TemplateDocument,
} from '../../dist/records/index.js';
import { catalogue } from '../../dist/runtime/capabilities/catalogue.js';
import { configs } from '../../dist/runtime/capabilities/configs.js';

/** Draft 7, which every editor knows. */
export function templateSchema() {
  const { $schema, definitions: _json, type, properties, ...rest } = convert(TemplateDocument);
  properties.capabilities.items = { oneOf: capabilities() };
  setDefaults(properties.limits, defaultLimits);
  setDefaults(properties.resolver, defaultResolver);
  setDefaults(properties.runtime, defaultRuntimeSettings);
  return {
    $schema,
    title: 'A template of vmsysd',
    description: 'What "vmsys template apply" takes. What is absent is as in a new template.',
    type,
    properties: { $schema: { type: 'string', description: 'this schema, for editors' }, ...properties },
    ...rest,
  };
}

const convert = (schema) =>
  z.toJSONSchema(schema, {
    target: 'draft-07',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.cli;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });

function setDefaults({ properties }, values) {
  for (const [name, value] of Object.entries(values)) properties[name].default = value;
}

function capabilities() {
  const ofModules = catalogue
    .filter(({ grantedBy }) => grantedBy === undefined)
    .flatMap(({ name, global, description }) => {
      const { $schema: _, ...config } = convert(configs[name]);
      return [
        capability('module', { const: name, description }, config),
        capability('global', { const: global.name, description: `the module ${name} as a variable` }, config),
      ];
    });
  const write = { type: 'boolean', default: false, description: 'whether files there may be written' };
  const path = {
    type: 'string',
    pattern: '^(/|~$|~/)',
    description: 'a folder or file outside of the worktree: absolute, or in the home of the daemon’s user',
  };
  const origin = {
    type: 'string',
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/\\\\?#@*]+/?$',
    description: 'an origin that fetch reaches, such as https://api.example.com',
  };
  const { $schema: _, ...netConfig } = convert(configs.net);
  const variable = {
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    description: 'a variable of the daemon’s environment',
  };
  return [
    ...ofModules,
    capability('fs', path, { type: 'object', properties: { write }, additionalProperties: false }),
    capability('net', origin, netConfig),
    capability('env', variable, { type: 'object', additionalProperties: false }),
  ];
}

const capability = (kind, name, config) => ({
  type: 'object',
  properties: {
    kind: { const: kind },
    name,
    enabled: { type: 'boolean', default: true, description: 'false: denied' },
    config,
  },
  required: ['kind', 'name', ...(config.required === undefined ? [] : ['config'])],
  additionalProperties: false,
});
