// The method table becomes an OpenRPC document: what `rpc.discover` answers and the reference is made from.
// Source: https://spec.open-rpc.org, version 1.3.2.
import * as z from 'zod';
import { errorTable, isErrorCode, type ErrorCode } from './errors.js';
import { recordSchemas, toJsonSchema, type JsonSchema } from './json-schema.js';
import { methods, protocolVersion } from './methods/index.js';
import { notifications } from './methods/events.js';
import type { MethodSpec } from './methods/method.js';

/** Errors that any call can meet; methods name those of their own. */
export const commonErrors: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'OVERLOADED',
  'REQUEST_CANCELLED',
  'INTERNAL',
];

export interface OpenRpcParam {
  name: string;
  required: boolean;
  schema: JsonSchema;
  description?: string;
}

export interface OpenRpcMethod {
  name: string;
  summary: string;
  paramStructure: 'by-name';
  params: OpenRpcParam[];
  /** A notification has none. */
  result?: { name: string; schema: JsonSchema };
  errors: { $ref: string }[];
  /** Whether it may be repeated when the connection was lost before the reply. */
  'x-idempotent'?: boolean;
}

export interface OpenRpcDocument {
  openrpc: '1.3.2';
  info: { title: string; version: string; description: string };
  methods: OpenRpcMethod[];
  components: {
    schemas: Record<string, JsonSchema>;
    errors: Record<string, { code: number; message: string; data: { code: string } }>;
  };
  /** What the daemon says unasked: OpenRPC has no word for it. */
  'x-notifications': { name: string; params: OpenRpcParam[] }[];
}

let made: OpenRpcDocument | undefined;

/** The document; made once, do not change it. */
export function openRpcDocument(): OpenRpcDocument {
  made ??= {
    openrpc: '1.3.2',
    info: {
      title: 'vmsysd',
      version: protocolVersion,
      description: 'JavaScript sessions that keep their state, over JSON-RPC 2.0 on a Unix socket.',
    },
    methods: Object.entries<MethodSpec>(methods).map(([name, spec]) => describeMethod(name, spec)),
    components: { schemas: recordSchemas(), errors: describeErrors() },
    'x-notifications': Object.entries<z.ZodType>(notifications).map(([name, schema]) => ({
      name,
      params: describeParams(schema, 'output'),
    })),
  };
  return made;
}

function describeMethod(name: string, spec: MethodSpec): OpenRpcMethod {
  const codes = new Set([...(spec.errors ?? []), ...commonErrors]);
  return {
    name,
    summary: spec.summary,
    paramStructure: 'by-name',
    params: describeParams(spec.params, 'input'),
    result: { name: 'result', schema: toJsonSchema(spec.result, 'output') },
    errors: [...codes].map((code) => ({ $ref: `#/components/errors/${code}` })),
    ...(spec.idempotent === undefined ? {} : { 'x-idempotent': spec.idempotent }),
  };
}

function describeParams(schema: z.ZodType, io: 'input' | 'output'): OpenRpcParam[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(schema.shape).map(([name, field]) => {
    const { description, ...rest } = toJsonSchema(field, io);
    const required = !(field instanceof z.ZodOptional);
    return { name, required, schema: rest, ...(description === undefined ? {} : { description }) };
  });
}

function describeErrors(): OpenRpcDocument['components']['errors'] {
  const codes = Object.keys(errorTable).filter(isErrorCode);
  return Object.fromEntries(
    codes.map((code) => {
      const { number, meaning } = errorTable[code];
      return [code, { code: number, message: meaning, data: { code } }];
    }),
  );
}
