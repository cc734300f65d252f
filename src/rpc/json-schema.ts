// The schemas that validate calls become JSON Schema (draft 7, which OpenRPC speaks), with the records by name.
import * as z from 'zod';
import {
  Capability,
  Event,
  Execution,
  ExecutionError,
  Library,
  LibraryDependency,
  Limits,
  Metrics,
  Resolver,
  Result,
  RuntimeSettings,
  Session,
  StartupFile,
  Template,
} from '../records/index.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The records that have a name of their own in `components.schemas`. */
export const records: Readonly<Record<string, z.ZodType>> = {
  Template,
  Limits,
  Resolver,
  RuntimeSettings,
  Capability,
  StartupFile,
  Session,
  Execution,
  Result,
  ExecutionError,
  Metrics,
  Event,
  Library,
  LibraryDependency,
};

const nameOf = new Map<unknown, string>(Object.entries(records).map(([name, schema]) => [schema, name]));
const refTo = (name: string) => `#/components/schemas/${name}`;

/** Any JSON value: what zod's recursive `z.json()` stands for. */
const json = { name: 'Json', schema: { description: 'any JSON value' } } as const;

/** What a client writes (`input`) or reads (`output`), records by reference. */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return convert(schema, io);
}

/** Each record by its name, for `components.schemas`. */
export function recordSchemas(): Record<string, JsonSchema> {
  const schemas = Object.entries(records).map(([name, schema]) => [name, convert(schema, 'output', name)]);
  return { ...Object.fromEntries(schemas), [json.name]: json.schema };
}

/** `spelledOut` names the one record that is written in full; all others become references. */
function convert(schema: z.ZodType, io: 'input' | 'output', spelledOut?: string): JsonSchema {
  const {
    $schema: _version,
    definitions: _json,
    ...rest
  } = z.toJSONSchema(schema, {
    target: 'draft-07',
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const name = nameOf.get(zodSchema) === spelledOut ? undefined : nameOf.get(zodSchema);
      if (name !== undefined) replace(jsonSchema, { $ref: refTo(name) });
      if (zodSchema._zod.def.type === 'lazy') replace(jsonSchema, {});
      // A hint for the CLI, no word of JSON Schema.
      delete jsonSchema['cli'];
      // The bounds of every integer that JSON can say are no news.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return withJsonByName(rest);
}

function replace(schema: JsonSchema, by: JsonSchema): void {
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, by);
}

/** The one recursive schema is `Json`; zod calls it by a number of its own. */
function withJsonByName(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema).replaceAll(
    /"#\/definitions\/__schema\d+"/g,
    JSON.stringify(refTo(json.name)),
  );
  return JSON.parse(text) as JsonSchema;
}
