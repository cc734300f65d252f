// What applying a template document changes, to the lines of a diff.
import type { MethodResult } from '../../rpc/methods/index.js';
import type { Paint } from '../output/paint.js';
import { visible } from '../output/table.js';

type Applied = MethodResult<'template.apply'>;

/** A heading that says what was done or would be, and below it a line for each value that goes or comes. */
export function changeLines(
  name: string,
  { template, created, changes, applied }: Applied,
  paint: Paint,
): string[] {
  const lines = changes.flatMap(({ path, before, after }) => [
    // What a new template does not take from the defaults was never there.
    ...(before === undefined || created ? [] : [paint('red', `- ${path}: ${shown(before)}`)]),
    ...(after === undefined ? [] : [paint('green', `+ ${path}: ${shown(after)}`)]),
  ]);
  return [paint('bold', `template ${name}: ${outcome()}`), ...lines];

  function outcome(): string {
    const version = `version ${template?.version ?? 1}`;
    if (created) return applied ? `created, ${version}` : 'would be created';
    if (changes.length === 0) return `as it is, ${version}`;
    const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
    return applied ? `${count}, now ${version}` : `${count} to make, now ${version}`;
  }
}

const shown = (value: unknown): string => visible(JSON.stringify(value));
