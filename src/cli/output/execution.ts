// What happened in an execution to text for standard output and standard error.
import type { Event, Execution, Result } from '../../records/index.js';
import { stackLines } from './explain.js';
import { highlight } from './highlight.js';
import type { Paint } from './paint.js';

export interface Printed {
  to: 'stdout' | 'stderr';
  /** Complete, with its line end where it has one. */
  text: string;
}

/** What a script printed, as it happens. The value and the exception come with the reply, so they are nothing here. */
export function printedEvent(event: Event, paint: Paint): Printed | undefined {
  switch (event.type) {
    case 'console':
      return consoleText(event.payload, paint);
    case 'stdout':
      return { to: 'stdout', text: event.payload.text };
    case 'stderr':
      return { to: 'stderr', text: event.payload.text };
    case 'system':
      return { to: 'stderr', text: `${paint('dim', event.payload.message)}\n` };
    case 'input_echo':
    case 'host':
    case 'value':
    case 'exception':
      return undefined;
  }
}

function consoleText({ level, text }: Extract<Event, { type: 'console' }>['payload'], paint: Paint): Printed {
  switch (level) {
    case 'log':
    case 'info':
    case 'debug':
      return { to: 'stdout', text: `${text}\n` };
    case 'warn':
      return { to: 'stderr', text: `${paint('yellow', text)}\n` };
    case 'error':
    case 'trace':
      return { to: 'stderr', text: `${paint('red', text)}\n` };
  }
}

/** The value as a person reads it; nothing for `undefined`. */
export const valueText = (result: Result | undefined, paint: Paint): string | undefined =>
  result === undefined || result.type === 'undefined'
    ? undefined
    : highlight(result.preview, result.type, paint);

/** Why it did not end `ok`, and what that means for the session. */
export function failureLines(execution: Execution, paint: Paint): string[] {
  const { status, error } = execution;
  if (status === 'ok' || status === 'running') return [];
  const [head = status, ...frames] = error === undefined ? [] : stackLines(error);
  const lines = [
    paint('red', status === 'error' ? `Uncaught ${head}` : head),
    ...frames.map((line) => paint('dim', line)),
  ];
  if (execution.state === 'rolled_back') {
    lines.push(paint('dim', 'The session is as it was before this call.'));
  }
  return lines;
}
