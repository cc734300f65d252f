// A method's params schema to the shapes that a command line can say, by way of JSON Schema.
import * as z from 'zod';

/** What one value on the command line is read as. */
export type Shape =
  | { kind: 'string'; path: boolean; choices: readonly string[] }
  | { kind: 'number' }
  | { kind: 'boolean' }
  | { kind: 'list'; item: Shape }
  | { kind: 'object'; fields: ReadonlyMap<string, Field> }
  | { kind: 'map'; value: Shape }
  /** Anything that JSON can say; text that is no JSON is a string. */
  | { kind: 'any' };

export interface Field {
  shape: Shape;
  required: boolean;
  description: string;
  /** The letter by which a flag is known as well: `f` for `-f`. */
  short?: string;
}

/** The part of JSON Schema that zod writes for our params. */
interface Node {
  type?: string;
  cli?: string;
  short?: string;
  description?: string;
  const?: unknown;
  enum?: unknown[];
  items?: Node;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  required?: string[];
}

/** The fields of a method's params, by name, in the order of the schema. */
export function fieldsOf(params: z.ZodType): ReadonlyMap<string, Field> {
  // Parsed by zod's own writer; `any` stands for what JSON Schema cannot say.
  const node = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Node;
  const shape = shapeOf(node);
  return shape.kind === 'object' ? shape.fields : new Map();
}

function shapeOf(node: Node): Shape {
  switch (node.type) {
    case 'string':
      return { kind: 'string', path: node.cli === 'path', choices: choicesOf(node) };
    case 'integer':
    case 'number':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return { kind: 'list', item: shapeOf(node.items ?? {}) };
    case 'object':
      return objectShape(node);
    default:
      return { kind: 'any' };
  }
}

function objectShape(node: Node): Shape {
  if (node.properties === undefined) {
    const value = node.additionalProperties;
    return { kind: 'map', value: typeof value === 'object' ? shapeOf(value) : { kind: 'any' } };
  }
  const required = new Set(node.required);
  const fields = Object.entries(node.properties).map(([name, property]): [string, Field] => [
    name,
    {
      shape: shapeOf(property),
      required: required.has(name),
      description: property.description ?? '',
      ...(property.short === undefined ? {} : { short: property.short }),
    },
  ]);
  return { kind: 'object', fields: new Map(fields) };
}

function choicesOf(node: Node): string[] {
  const values = node.const === undefined ? (node.enum ?? []) : [node.const];
  return values.filter((value) => typeof value === 'string');
}
