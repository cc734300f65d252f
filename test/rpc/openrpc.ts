// The OpenRPC document: valid by its own meta-schema, complete by the method table, and true to what is validated.
import metaSchemaPackage from '@open-rpc/meta-schema';
import { Ajv } from 'ajv';
import draft7 from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' };
import t from 'tap';
import { errorTable } from '#src/rpc/errors.js';
import { notifications } from '#src/rpc/methods/events.js';
import { methods } from '#src/rpc/methods/index.js';
import { openRpcDocument } from '#src/rpc/openrpc.js';
import { execution, stdout } from '../fixtures/rpc.js';

// The types of this package describe documents; the schema itself has none.
const metaSchema = (metaSchemaPackage as unknown as { openrpcDocument: Record<string, unknown> })
  .openrpcDocument;

const document = openRpcDocument();

/** Validates against a part of the document, which its own references lead into. */
function validatorOf(pointer: string) {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  return ajv.addSchema({ ...document, $id: 'openrpc' }).compile({ $ref: `openrpc#${pointer}` });
}

t.test('the document is valid by the OpenRPC meta-schema', async (t) => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  // The meta-schema names its dialect and draft 7 by addresses that nobody should have to fetch.
  const JSONSchemaObject = { properties: { $ref: { type: 'string' } } };
  const definitions = { ...draft7.definitions, JSONSchemaObject };
  for (const $id of ['https://meta.json-schema.tools', 'https://meta.json-schema.tools/']) {
    ajv.addSchema({ ...draft7, $id, definitions });
  }
  const { $schema: _dialect, ...schema } = metaSchema;
  const validate = ajv.compile(schema);
  t.ok(validate(JSON.parse(JSON.stringify(document))), JSON.stringify(validate.errors, null, 1));
});

t.test('it names every method, notification and error of the tables', async (t) => {
  const names = (items: { name: string }[]) => items.map(({ name }) => name);
  t.strictSame(names(document.methods), Object.keys(methods));
  t.strictSame(names(document['x-notifications']), Object.keys(notifications));
  t.strictSame(Object.keys(document.components.errors), Object.keys(errorTable));
});

t.test('every reference leads to something', async (t) => {
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#(\/[^"]*)"/g)) {
    const target = pointer
      ?.split('/')
      .slice(1)
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
    t.ok(target, String(pointer));
  }
});

t.test('the schemas accept what the daemon answers, and refuse what it does not', async (t) => {
  const isExecution = validatorOf('/components/schemas/Execution');
  const good = {
    ...execution('x'),
    events: [stdout(1, 'x')],
    result: { type: 'array', preview: '[]', json: [[{}]] },
  };
  t.ok(isExecution(good), JSON.stringify(isExecution.errors));
  t.notOk(isExecution({ ...good, id: 'ses_0123456789abcdef' }));
  t.notOk(isExecution({ ...good, more: 1 }));
  t.notOk(isExecution({ ...good, events: [{ ...stdout(0, 'x') }] }));
});

t.test('params are described as they are validated', async (t) => {
  const repl = document.methods.find(({ name }) => name === 'exec.repl');
  t.match(repl, {
    paramStructure: 'by-name',
    params: [
      { name: 'session', required: true, description: 'id or name of a session', schema: { type: 'string' } },
      { name: 'code', required: true },
      { name: 'filename', required: false },
    ],
    result: { schema: { $ref: '#/components/schemas/Execution' } },
  });
});
