// `vmsys template schema`: the JSON Schema of template files, which lies beside the documentation.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { command } from '../command.js';
import { exitStatus } from '../fault.js';

/** Where this installation has it. */
export const schemaUrl = new URL('../../../docs/template.schema.json', import.meta.url);

export const schemaCommand = command({
  words: 'template schema',
  summary: 'Print the JSON Schema of template files, for editors to complete from.',
  params: z.strictObject({}),
  async run(context) {
    context.write('stdout', readFileSync(schemaUrl, 'utf8'));
    return exitStatus.ok;
  },
});
