// The prompt's commands for the session's state as a whole: keep it, go back, go on in a copy. Each answers with the
// lines to show.
import type { Execution } from '../../records/index.js';
import { UsageFault } from '../fault.js';
import { sizeText } from '../output/size.js';
import type { Paint } from '../output/paint.js';
import { formatResult } from '../output/result.js';
import { visible } from '../output/table.js';
import type { SessionLink } from './link.js';

/** Executions looked through at a time, for those that can be undone. */
const pageSize = 100;
/** More of the code of an execution is not needed to know it again. */
const maxShownCode = 60;

/** `.checkpoint [LABEL]` */
export async function checkpoint(link: SessionLink, label: string): Promise<string[]> {
  const params = { session: link.session.id, ...(label === '' ? {} : { label }) };
  const made = await link.call('session.checkpoint', params);
  const back = `vmsys session rollback ${link.session.id} ${made.checkpoint}`;
  return [`checkpoint ${made.checkpoint}, ${sizeText(made.bytes)}; go back with "${back}"`];
}

/** `.checkpoints` */
export async function checkpoints(link: SessionLink, paint: Paint): Promise<string[]> {
  const list = await link.call('session.checkpoints', { session: link.session.id });
  const lines = formatResult('session.checkpoints', list, paint);
  return lines.length === 0 ? ['no checkpoints yet; make one with ".checkpoint"'] : lines;
}

/** `.undo [N]` */
export async function undo(link: SessionLink, count: string): Promise<string[]> {
  if (!/^([1-9]\d{0,5})?$/.test(count)) {
    throw new UsageFault(`.undo: expected how many calls, got "${count}"`, '.undo [N]');
  }
  const wanted = Number(count === '' ? 1 : count);
  const calls = await lastCalls(link, wanted);
  const first = calls.at(-1);
  if (first === undefined) return ['nothing to undo'];
  if (calls.length < wanted) return [`only ${calls.length} to undo; ".undo ${calls.length}" does`];
  await link.call('session.rollback', { session: link.session.id, execution: first.id });
  return calls.map(({ code = '' }) => `undid: ${shortened(code)}`);
}

/** The last calls of this kind whose effect is in the session's state, newest first, at most so many. */
async function lastCalls(link: SessionLink, count: number): Promise<Execution[]> {
  const found: Execution[] = [];
  let cursor: string | undefined;
  do {
    const params = { session: link.session.id, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page = await link.call('exec.list', params);
    found.push(...page.items.filter(canBeUndone));
    cursor = page.nextCursor;
  } while (found.length < count && cursor !== undefined);
  return found.slice(0, count);
}

const canBeUndone = ({ kind, state, undoneAt }: Execution): boolean =>
  kind === 'repl' && state === 'kept' && undoneAt === undefined;

/** `.fork [NAME]` */
export async function fork(link: SessionLink, name: string): Promise<string[]> {
  const original = link.session;
  const copy = await link.call('session.fork', {
    session: original.id,
    ...(name === '' ? {} : { name }),
  });
  await link.switchTo(copy);
  return [
    `now in session ${copy.id}${name === '' ? '' : ` (${name})`}; back to the original with "vmsys repl ${original.name ?? original.id}"`,
  ];
}

function shortened(code: string): string {
  const flat = visible(code.trim().replaceAll(/\s+/g, ' '));
  return flat.length > maxShownCode ? `${flat.slice(0, maxShownCode - 1)}…` : flat;
}
