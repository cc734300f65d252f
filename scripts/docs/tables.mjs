// Fields and params become Markdown tables.
import { typeTextWith } from './type-text.mjs';

/** The tables of a document whose records are `records`. */
export function tablesWith(records) {
  const typeText = typeTextWith(records);
  const row = (name, required, schema, description = '') => [
    `\`${name}\`${required ? '' : '?'}`,
    typeText(schema),
    description,
  ];
  return {
    typeText,
    params: (params) =>
      table(
        ['param', 'type', ''],
        params.map(({ name, required, schema, description }) => row(name, required, schema, description)),
      ),
    fields: ({ properties, required = [] }) =>
      table(
        ['field', 'type', ''],
        Object.entries(properties).map(([name, schema]) =>
          row(name, required.includes(name), schema, schema.description),
        ),
      ),
  };
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
