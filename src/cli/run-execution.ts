// A call that runs code to its output on the terminal as it happens, then its value or its failure.
import type { Event, Execution } from '../records/index.js';
import type { Client } from '../rpc/client.js';
import type { MethodParams } from '../rpc/methods/index.js';
import { note, print, printJson, type Context } from './context.js';
import { statusOfExecution } from './fault.js';
import { Follower } from './follow.js';
import { failureLines, printedEvent, valueText } from './output/execution.js';

export type RunRequest =
  | { name: 'exec.repl'; params: MethodParams<'exec.repl'> }
  | { name: 'exec.runFile'; params: MethodParams<'exec.runFile'> };

/** Runs it and prints it; answers the exit status. With `--json` the execution is printed, and only once it ended. */
export async function runExecution(context: Context, client: Client, request: RunRequest): Promise<number> {
  if (context.json) {
    const execution = await call(client, request, context.signal);
    printJson(context, execution);
    return statusOfExecution(execution.status);
  }
  const printer = new Printer(context);
  const follower = new Follower(client, (event) => printer.event(event));
  try {
    const execution = await call(client, streamed(request), context.signal);
    await follower.fill(execution.id, execution.events ?? []);
    printer.outcome(execution);
    return statusOfExecution(execution.status);
  } finally {
    follower.close();
  }
}

/** `--no-stream` holds all output back until the end. */
function streamed(request: RunRequest): RunRequest {
  const stream = request.params.stream ?? true;
  return request.name === 'exec.repl'
    ? { name: request.name, params: { ...request.params, stream } }
    : { name: request.name, params: { ...request.params, stream } };
}

const call = (client: Client, request: RunRequest, signal: AbortSignal): Promise<Execution> =>
  request.name === 'exec.repl'
    ? client.call(request.name, request.params, { signal })
    : client.call(request.name, request.params, { signal });

/** Writes what a script says, and sees to it that the value begins on a line of its own. */
export class Printer {
  readonly #context: Context;
  #midLine = false;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: Event): void {
    const { paint, paintError } = this.#context;
    const printed = printedEvent(
      event,
      event.type === 'console' || event.type === 'system' ? paintError : paint,
    );
    if (printed === undefined || printed.text === '') return;
    this.#context.write(printed.to, printed.text);
    if (printed.to === 'stdout') this.#midLine = !printed.text.endsWith('\n');
  }

  outcome(execution: Execution): void {
    const value = valueText(execution.result, this.#context.paint);
    if (value !== undefined) print(this.#context, [this.#midLine ? `\n${value}` : value]);
    note(this.#context, failureLines(execution, this.#context.paintError));
    this.#midLine = false;
  }
}
