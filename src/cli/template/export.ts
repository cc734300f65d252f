// `vmsys template export`: a template as a file that `vmsys template apply` takes.
import * as z from 'zod';
import { methods } from '../../rpc/methods/index.js';
import { command } from '../command.js';
import { printJson } from '../context.js';
import { exitStatus } from '../fault.js';
import { formatDocument } from './document-text.js';
import { schemaUrl } from './schema.js';

const { template, integrity } = methods['template.export'].params.shape;

export const exportCommand = command({
  words: 'template export',
  summary: 'Write a template as a file for "vmsys template apply": what differs from the defaults.',
  params: z.strictObject({
    template,
    integrity,
    format: z.enum(['yaml', 'json']).optional().describe('of the file (default: yaml)'),
  }),
  positional: ['template'],
  async run(context, { format = 'yaml', ...params }) {
    const client = await context.connect();
    const document = await client.call('template.export', params, { signal: context.signal });
    if (context.json) printJson(context, document);
    else context.write('stdout', await formatDocument(document, { format, schema: schemaUrl.href }));
    return exitStatus.ok;
  },
});
