// Typed lines to executions in one session, by Node's own prompt: history, editing, `.editor` and `.help` are its work.
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { Recoverable, start, type REPLServer } from 'node:repl';
import { Writable } from 'node:stream';
import type { Session } from '../../records/index.js';
import type { Client } from '../../rpc/client.js';
import { note, print, type Context } from '../context.js';
import { openOwnFile, stateFolder } from '../state-folder.js';
import { addCommands } from './dot-commands.js';
import { InputGate } from './input-gate.js';
import { SessionLink } from './link.js';
import { Runner } from './runner.js';
import { unfinished } from './unfinished.js';

/** As many lines as Node's own prompt keeps. */
const historySize = 1000;

/**
 * Serves the prompt until it is left; resolves when the connection is closed, with the session it ended in: another one
 * after a fork.
 */
export async function prompt(context: Context, client: Client, session: Session): Promise<Session> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const gate = new InputGate(process.stdin, () => runner.interrupt());
  const link = new SessionLink(context, client, session, {
    event: (event) => runner.event(event),
    lost: () => runner.lost(),
  });
  const runner = new Runner(context, link, isTerminal, () => server.displayPrompt(true));
  if (isTerminal) await greet(context, client, session);

  // Lines of a command that lacks its end, for completion and for a pipe that ends in the middle.
  let begun = '';
  const options = {
    prompt: isTerminal ? '> ' : '',
    input: gate,
    // A pipe gets what the code says, and no prompts.
    output: isTerminal ? process.stdout : nowhere(),
    terminal: isTerminal,
    historySize,
    ignoreUndefined: true,
    eval: (
      code: string,
      _context: unknown,
      _file: string,
      done: (error: Error | null, value: undefined) => void,
    ) => {
      const fault = unfinished(code);
      begun = fault === undefined ? '' : code;
      if (fault !== undefined) return done(new Recoverable(fault), undefined);
      gate.hold();
      void runner.run(code.replace(/\n$/, '')).finally(() => {
        done(null, undefined);
        gate.release();
      });
    },
    completer: (line: string, done: (error: null, offer: [string[], string]) => void) =>
      void completions(server, link, begun, line).then((offer) => done(null, offer)),
  };
  await link.subscribe();
  const server = start(options);
  server.on('SIGINT', () => (begun = ''));
  addCommands(server, context, link, runner, gate);
  if (isTerminal) setUpHistory(server, context);
  await ended(server, context.signal);
  runner.interrupt();
  if (begun !== '' && !isTerminal && !context.signal.aborted) await runner.run(begun);
  gate.close();
  await link.close();
  return link.session;
}

async function greet(context: Context, client: Client, session: Session): Promise<void> {
  const { name: template } = await client.call('template.get', { template: session.templateId });
  const name = session.name === undefined ? '' : ` (${session.name})`;
  print(context, [
    `session ${context.paint('bold', session.id)}${name}, template ${template} version ${session.templateVersion}`,
    context.paint('dim', 'Type ".help" for help, Ctrl-C to interrupt, Ctrl-D to leave.'),
  ]);
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

function setUpHistory(server: REPLServer, context: Context): void {
  const isNotKept = (error: unknown): void =>
    note(context, [
      `vmsys: the history is not kept: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  try {
    const descriptor = openOwnFile(join(stateFolder(context.env), 'repl_history'));
    server.once('exit', () => closeSync(descriptor));
    // Node opens it anew, several times, by a path: this one leads to the file that was opened, whatever is done to
    // its name meanwhile.
    server.setupHistory(`/proc/self/fd/${descriptor}`, (error) => {
      if (error !== null) isNotKept(error);
    });
  } catch (error) {
    isNotKept(error);
  }
}

async function completions(
  server: REPLServer,
  link: SessionLink,
  begun: string,
  line: string,
): Promise<[string[], string]> {
  if (begun === '' && line.startsWith('.')) {
    const names = Object.keys(server.commands).map((name) => `.${name}`);
    return [names.filter((name) => name.startsWith(line)), line];
  }
  try {
    const { items, replaces } = await link.complete(begun + line);
    return [items, replaces];
  } catch {
    // A busy session, or none any more: then there is nothing to offer, and the next line will say why.
    return [[], line];
  }
}

/** Resolves when the prompt is left, or when the process is asked to end. */
function ended(server: REPLServer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    server.once('exit', resolve);
    if (signal.aborted) server.close();
    else signal.addEventListener('abort', () => server.close(), { once: true });
  });
}
