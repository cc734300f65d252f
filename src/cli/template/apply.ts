// `vmsys template apply`: a template file made true, and what that changes shown.
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { resolve } from 'node:path';
import { command } from '../command.js';
import { print, printJson } from '../context.js';
import { exitStatus, UsageFault } from '../fault.js';
import { readStandardInput } from '../standard-input.js';
import { changeLines } from './change-lines.js';
import { parseDocumentText } from './document-text.js';

export const applyCommand = command({
  words: 'template apply',
  summary: 'Make a template, or change it, to exactly what a file says (YAML or JSON; "-": standard input).',
  params: z.strictObject({
    file: z
      .string()
      .min(1)
      .describe('YAML or JSON, as "vmsys template export" writes it; "-": standard input'),
    dryRun: z.boolean().optional().describe('change nothing, only show what would be changed'),
  }),
  positional: ['file'],
  async run(context, { file, dryRun }) {
    const text = file === '-' ? await readStandardInput() : await readText(resolve(context.cwd, file));
    const document = await parseDocumentText(text, file === '-' ? 'standard input' : file);
    const client = await context.connect();
    const { signal } = context;
    const result = await client.call('template.apply', { ...document, dryRun }, { signal });
    if (context.json) printJson(context, result);
    else print(context, changeLines(document.name, result, context.paint));
    return exitStatus.ok;
  },
});

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageFault(`cannot read the template file: ${error instanceof Error ? error.message : path}`);
  }
}
