// The text of a template file, YAML or JSON (which is YAML too), to the document that it holds, and back.
import { TemplateDocument } from '../../records/index.js';
import { parseParams } from '../../rpc/validate.js';
import { UsageFault } from '../fault.js';

export type Format = 'yaml' | 'json';

/** Reads a document; `name` is what messages call the file. Throws UsageFault, or VALIDATION_ERROR with every fault. */
export async function parseDocumentText(text: string, name: string): Promise<TemplateDocument> {
  // Only these commands need it: every other one would start later for it.
  const { parseDocument } = await import('yaml');
  const parsed = parseDocument(text);
  const [fault] = parsed.errors;
  if (fault !== undefined) {
    const message =
      fault.code === 'MULTIPLE_DOCS'
        ? 'holds more than one document; apply one file a template'
        : fault.message.trim();
    throw new UsageFault(`${name}: ${message}`);
  }
  const value = valueOf(parsed, name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const hint = 'as "vmsys template export default" writes one';
    throw new UsageFault(`${name}: expected a template document, an object with a name, ${hint}`);
  }
  // For editors alone: where they find what may stand here.
  const { $schema: _schema, ...document } = value as Record<string, unknown>;
  return parseParams(name, TemplateDocument, document);
}

function valueOf(parsed: { toJS(): unknown }, name: string): unknown {
  try {
    return parsed.toJS();
  } catch (error) {
    // Aliases that unfold to too much, or lead nowhere.
    throw new UsageFault(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes a document so that an editor finds its schema, which lies at this address. */
export async function formatDocument(
  document: TemplateDocument,
  { format, schema }: { format: Format; schema: string },
): Promise<string> {
  if (format === 'json') return `${JSON.stringify({ $schema: schema, ...document }, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  // Older readers take `no` and `1:30` for something else than text.
  return `# yaml-language-server: $schema=${schema}\n${stringify(document, { compat: 'yaml-1.1', lineWidth: 110 })}`;
}
