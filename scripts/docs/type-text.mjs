// A JSON Schema becomes the short text that a person reads in a table: `integer, 1 to 500`, `Template[]`, `"a" | "b"`.

/** Gives a function from a schema to Markdown, with `records` (schemas by name) as links to their headings. */
export function typeTextWith(records) {
  const byFields = new Map(Object.entries(records).map(([name, schema]) => [fieldsOf(schema), name]));
  byFields.delete('');
  return (schema) =>
    plain(schema, byFields).replaceAll(/<([A-Za-z]+)>/g, (_, name) => `[${name}](#${name.toLowerCase()})`);
}

const fieldsOf = ({ properties }) => Object.keys(properties ?? {}).join();

/** `<Name>` stands for a record until it is linked. */
function plain(schema, byFields) {
  const part = (inner) => plain(inner, byFields);
  if (schema.$ref !== undefined) return named(schema.$ref);
  if (schema.allOf?.length === 1) return part(schema.allOf[0]);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return branches.map(part).join(' or ');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  switch (schema.type) {
    case 'array':
      return arrayText(schema, part);
    case 'object':
      return objectText(schema, part, byFields);
    case 'string':
      return stringText(schema);
    case 'integer':
    case 'number':
      return numberText(schema);
    case undefined:
      return 'any JSON';
    default:
      return schema.type;
  }
}

const code = (text) => `\`${text}\``;

function named(ref) {
  const name = ref.split('/').at(-1);
  return name === 'Json' ? 'any JSON' : `<${name}>`;
}

function arrayText({ items, maxItems }, part) {
  const most = maxItems === undefined ? '' : `, at most ${maxItems}`;
  return `array of ${part(items)}${most}`;
}

/** What a client may leave out of a record, the daemon fills in. */
function objectText({ properties, additionalProperties }, part, byFields) {
  const record = byFields.get(fieldsOf({ properties }));
  if (record !== undefined) return `<${record}>, in whole or in part`;
  if (properties !== undefined) {
    const fields = Object.keys(properties);
    return fields.length === 0 ? code('{}') : `object: ${fields.map(code).join(', ')}`;
  }
  return additionalProperties ? `object, name to ${part(additionalProperties)}` : 'object';
}

function stringText({ format, pattern, minLength, maxLength }) {
  if (format === 'date-time') return 'time';
  const id = /^\^(tpl|ses|exe|chk|sub)_/.exec(pattern ?? '')?.[1];
  if (id !== undefined) return `id, ${code(`${id}_…`)}`;
  if (pattern !== undefined && !pattern.includes('(?!'))
    return `string like ${code(pattern.replaceAll('|', '\\|'))}`;
  if (pattern !== undefined) return 'name';
  const least = minLength === undefined ? '' : ', not empty';
  const most = maxLength === undefined ? '' : `, at most ${maxLength} characters`;
  return `string${least}${most}`;
}

function numberText({ type, minimum, maximum }) {
  if (minimum !== undefined && maximum !== undefined) return `${type}, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${type}, at least ${minimum}`;
  return type;
}
