// The OpenRPC document becomes the reference: methods, notifications, records and errors, as Markdown.
import { table, tablesWith } from './tables.mjs';

/** All sections after the transport; `commonErrors` are those that any call can meet. */
export function reference(document, commonErrors) {
  const { schemas, errors } = document.components;
  const tables = tablesWith(schemas);
  const records = Object.entries(schemas).filter(([name]) => name !== 'Json');
  return [
    '## Methods',
    `Beside the errors that a method names, any call can meet ${codes(commonErrors)}.`,
    ...document.methods.map((each) => method(each, commonErrors, tables)),
    '## Notifications',
    'The daemon sends these unasked; they have no id and want no reply.',
    ...document['x-notifications'].map(({ name, params }) => `### ${name}\n\n${tables.params(params)}`),
    '## Records',
    ...records.map(([name, schema]) => record(name, schema, tables)),
    '## Errors',
    'An error reply is `{code, message, data: {code, details?}}`: match on `data.code`, the name.',
    'A JavaScript exception, a timeout or an exceeded limit is no error of this kind: the call answers with the [Execution](#execution).',
    errorTable(errors),
  ].join('\n\n');
}

const codes = (names) => names.map((name) => `\`${name}\``).join(', ');

function method({ name, summary, params, result, errors, 'x-idempotent': idempotent }, commonErrors, tables) {
  const own = errors.map(({ $ref }) => $ref.split('/').at(-1)).filter((code) => !commonErrors.includes(code));
  return [
    `### ${name}`,
    `${summary}${idempotent ? ' May be repeated when the reply was lost.' : ''}`,
    params.length === 0 ? 'Params: none.' : tables.params(params),
    resultText(result.schema, tables),
    ...(own.length === 0 ? [] : [`Errors: ${codes(own)}.`]),
  ].join('\n\n');
}

function resultText(schema, tables) {
  const isEmpty = Object.keys(schema.properties ?? {}).length === 0;
  return isEmpty ? `Result: ${tables.typeText(schema)}.` : `Result:\n\n${tables.fields(schema)}`;
}

function record(name, schema, tables) {
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches === undefined) return `### ${name}\n\n${tables.fields(schema)}`;
  const { seq, ts } = branches[0].properties;
  const shared = `\`seq\` (${tables.typeText(seq)}, without gaps), \`ts\` (${tables.typeText(ts)})`;
  const rows = branches.map(({ properties: { type, payload } }) => [
    tables.typeText(type),
    payloadText(payload, tables),
  ]);
  return `### ${name}\n\n${shared}, and by \`type\` its \`payload\`:\n\n${table(['type', 'payload'], rows)}`;
}

function payloadText(payload, { typeText }) {
  if (payload.properties === undefined) return typeText(payload);
  return Object.entries(payload.properties)
    .map(([field, schema]) => `\`${field}\`: ${typeText(schema)}`)
    .join('; ');
}

function errorTable(errors) {
  const rows = Object.entries(errors).map(([name, { code, message }]) => [
    String(code),
    `\`${name}\``,
    message,
  ]);
  return table(['code', 'name', 'meaning'], rows);
}
