// What the host failed with, as a text for the guest (`guest/modules/fault.ts` makes an Error of it): the name, the
// message, and the fields that scripts look at. Nothing of the host's stack.

/** A line of a stack that a script may see, where the error is about a place in its code. */
export class PlacedSyntaxError extends SyntaxError {
  readonly filename: string;
  readonly frame: string;

  constructor(message: string, filename: string, line: number, column: number) {
    super(message);
    this.filename = filename;
    this.frame = `    at ${filename}:${line}:${column}`;
  }
}

/** Host modules throw it for what Node throws as a plain Error. */
const plainName = 'HostError';
/** Fields that are an Error's own already, or none of a script's business. */
const hidden = new Set(['name', 'message', 'stack', 'frame', 'filename', 'cause']);

/** `e` and the JSON of a fault. */
export function formatFault(thrown: unknown): string {
  if (!(thrown instanceof Error)) return format('Error', String(thrown), {});
  const { name, message } = thrown;
  const inner: unknown = 'fields' in thrown ? thrown.fields : undefined;
  const fields = {
    ...fieldsOf(thrown),
    ...(typeof inner === 'object' && inner !== null ? fieldsOf(inner) : {}),
  };
  const frame = thrown instanceof PlacedSyntaxError ? thrown.frame : undefined;
  return format(name === plainName ? 'Error' : name, message, fields, frame);
}

const format = (name: string, message: string, fields: object, frame?: string): string =>
  `e${JSON.stringify({ name, message, fields, frame })}`;

const fieldsOf = (holder: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(holder).filter(
      ([key, value]) => !hidden.has(key) && ['string', 'number', 'boolean'].includes(typeof value),
    ),
  );

/** An error as Node's loaders throw it. */
export const codedError = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code });
