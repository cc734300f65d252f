// Fields of params to flags: what a command takes, under which names, and what follows each of them.
import type { Field, Shape } from './shape.js';

export interface Flag {
  /** As it is written and shown: `timeout-ms`, `limits.cpu-ms`. */
  name: string;
  /** Where its value goes in the params: `['limits', 'cpuMs']`. */
  path: readonly string[];
  shape: Shape;
  description: string;
  /** Whether `--no-NAME` says something; for a boolean it does by itself. */
  negatable: boolean;
  /** A letter that stands for the name: `f` for `-f`. */
  short?: string;
}

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** One flag for each field, and one for each field of an object below it. */
export function flagsOf(fields: ReadonlyMap<string, Field>, prefix: readonly string[] = []): Flag[] {
  return [...fields].flatMap(([name, field]) => {
    const path = [...prefix, name];
    const flag: Flag = {
      name: path.map(kebab).join('.'),
      path,
      shape: field.shape,
      description: field.description,
      negatable: field.shape.kind === 'boolean',
      ...(field.short === undefined ? {} : { short: field.short }),
    };
    return field.shape.kind === 'object' ? [flag, ...flagsOf(field.shape.fields, path)] : [flag];
  });
}

/** The flag that `written` means: kebab or camel case, and below a map any key (`config.write`). */
export function findFlag(flags: readonly Flag[], written: string): Flag | undefined {
  const name = written.split('.').map(kebab).join('.');
  const exact = flags.find((flag) => flag.name === name);
  if (exact !== undefined) return exact;
  const [head, ...rest] = written.split('.');
  const map = flags.find((flag) => flag.name === kebab(head ?? ''));
  if (map?.shape.kind !== 'map' || rest.length === 0 || rest.includes('')) return undefined;
  return { ...map, path: [...map.path, rest.join('.')], shape: map.shape.value };
}

/** What the help puts after the flag's name: nothing for a boolean. */
export function placeholder(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      return shape.choices.length > 0 ? shape.choices.join('|') : shape.path ? 'PATH' : 'TEXT';
    case 'number':
      return 'N';
    case 'boolean':
      return '';
    case 'list':
      return `${placeholder(shape.item)},…`;
    case 'object':
    case 'any':
      return 'JSON';
    case 'map':
      return 'KEY=VALUE';
  }
}
