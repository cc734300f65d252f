// One word of the command line to one value, as its shape says. A string is never anything but the word itself.
import { resolve } from 'node:path';
import { UsageFault } from '../fault.js';
import type { Shape } from './shape.js';

export interface Where {
  /** What a message calls it: `--limits` or `SESSION`. */
  name: string;
  /** What relative paths are relative to. */
  cwd: string;
}

/** Reads `text`; throws a UsageFault where it cannot be what `shape` says. */
export function readValue(shape: Shape, text: string, where: Where): unknown {
  switch (shape.kind) {
    case 'string':
      return stringValue(shape, text, where);
    case 'number':
      return numberValue(text, where);
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw new UsageFault(`${where.name}: expected true or false, got "${text}"`);
    case 'list':
      return listValue(shape.item, text, where);
    case 'object':
      return jsonObject(text, where);
    case 'map':
      return mapValue(shape.value, text, where);
    case 'any':
      return anyValue(text);
  }
}

function stringValue(shape: Extract<Shape, { kind: 'string' }>, text: string, where: Where): string {
  if (shape.choices.length > 0 && !shape.choices.includes(text)) {
    throw new UsageFault(`${where.name}: expected ${shape.choices.join(', ')}, got "${text}"`);
  }
  return shape.path ? resolve(where.cwd, text) : text;
}

function numberValue(text: string, where: Where): number {
  if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new UsageFault(`${where.name}: expected a number, got "${text}"`);
}

/** `a,b`, a JSON array, or one JSON object. */
function listValue(item: Shape, text: string, where: Where): unknown[] {
  const start = text.trimStart();
  if (start.startsWith('[')) {
    const value = parseJson(text, where);
    return Array.isArray(value) ? value : [value];
  }
  if (item.kind === 'object' || start.startsWith('{')) return [jsonObject(text, where)];
  return text.split(',').map((part) => readValue(item, part, where));
}

/** `KEY=VALUE`, or a JSON object. */
function mapValue(shape: Shape, text: string, where: Where): unknown {
  if (text.trimStart().startsWith('{')) return jsonObject(text, where);
  const cut = text.indexOf('=');
  if (cut < 1) throw new UsageFault(`${where.name}: expected KEY=VALUE or a JSON object, got "${text}"`);
  return Object.fromEntries([[text.slice(0, cut), readValue(shape, text.slice(cut + 1), where)]]);
}

function jsonObject(text: string, where: Where): unknown {
  const value = parseJson(text, where);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageFault(`${where.name}: expected a JSON object, got "${text}"`);
}

/** Reads JSON text; `name` goes into the message where it is none. */
export function parseJson(text: string, { name }: Pick<Where, 'name'>): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageFault(`${name}: expected JSON, got "${text}" (${messageOf(error)})`);
  }
}

function anyValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
