// The databases of one session, on the main thread: its process, started at the first use, and one request at a time.
import { fork, type ChildProcess } from 'node:child_process';
import type { HostValue } from '../../engine/module-host.js';
import { HostError, type RunEnd } from '../host-module.js';
import type { Service } from '../outside/desk.js';
import { DatabaseRequest, type DatabaseAnswer, type RunEnded } from './messages.js';

// The process is one bundled file of the build.
const entry = new URL('./process.js', import.meta.url);

/** JavaScript's share of the process: rows on their way. */
const heapMb = 128;

export class Databases implements Service {
  #process: DatabaseProcess | undefined;

  async handle(value: HostValue, signal: AbortSignal): Promise<HostValue> {
    const request = DatabaseRequest.parse(value);
    if (this.#process?.ended !== false) {
      this.#process = undefined;
      if (request.type === 'close') return { type: 'closed' };
      if (request.type !== 'open') throw new HostError('DATABASE_GONE', 'the database is closed');
      this.#process = new DatabaseProcess();
    }
    const answer = await this.#process.ask(request, signal);
    if (answer.type === 'refused') throw new HostError(answer.code, answer.message);
    return answer;
  }

  /** The next request is answered after the process has done what this says. */
  runEnded({ state }: RunEnd): void {
    this.#process?.tell({ type: 'runEnded', isKept: state === 'kept' });
  }

  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end();
  }
}

class DatabaseProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #ended = false;
  /** Resolves when it can be asked; rejects where it did not start. */
  readonly #ready: Promise<void>;
  #settle: ((answer: DatabaseAnswer | Error) => void) | undefined;

  constructor() {
    this.#child = fork(entry, {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${heapMb}`],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#exited = new Promise((resolve) => {
      const gone = (): void => {
        this.#ended = true;
        const message =
          'the database’s process ended; a query that takes more than some 400 MiB of memory ends it';
        this.#settle?.(new HostError('DATABASE_GONE', message));
        resolve();
      };
      this.#child.once('exit', gone);
      // Each message that cannot be sent is an error of its own.
      this.#child.on('error', gone);
    });
    this.#ready = new Promise((resolve) => {
      this.#child.once('message', () => resolve());
      void this.#exited.then(resolve);
    });
    this.#child.on('message', (message: DatabaseAnswer | { type: 'ready' }) => {
      if (message.type !== 'ready') this.#settle?.(message);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  async ask(request: DatabaseRequest, signal: AbortSignal): Promise<DatabaseAnswer> {
    const stop = (): void => void this.#child.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#ready;
      const answer = await new Promise<DatabaseAnswer | Error>((resolve) => {
        this.#settle = resolve;
        if (this.#ended) resolve(new HostError('DATABASE_GONE', 'the database’s process ended'));
        else this.#child.send(request);
      });
      if (!(answer instanceof Error)) return answer;
      if (!signal.aborted) throw answer;
      throw new HostError('ECANCELED', 'the query was stopped with its execution, and its database closed');
    } finally {
      this.#settle = undefined;
      signal.removeEventListener('abort', stop);
    }
  }

  tell(message: RunEnded): void {
    if (!this.#ended) this.#child.send(message);
  }

  async end(): Promise<void> {
    // SQLite's files are whole at any moment; there is nothing to wait for.
    if (!this.#ended) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
