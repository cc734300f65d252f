// Executions as clients see them: started, followed, cancelled, listed.
import type { Event, Execution, ExecutionStatus, RunOptions } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { Residents } from './residents.js';
import { fileSpec, replSpec } from './run-spec.js';
import type { SessionKeeper } from './session-keeper.js';
import { pageOf, parsePage } from './store/page.js';
import type { Store } from './store/store.js';
import type { CallHooks, Executions, Page, PageInput } from './types.js';

const mostEvents = 1000;

export interface ExecutionServiceOptions {
  store: Store;
  residents: Residents;
  keeper: SessionKeeper;
  environment: Readonly<Record<string, string | undefined>>;
  closed: readonly string[];
}

export class ExecutionService implements Executions {
  readonly #options: ExecutionServiceOptions;

  constructor(options: ExecutionServiceOptions) {
    this.#options = options;
  }

  repl(
    input: RunOptions & { session: string; code: string; filename?: string | undefined },
    hooks?: CallHooks,
  ): Promise<Execution> {
    const { keeper, environment } = this.#options;
    return keeper.execute(
      input.session,
      turn(input, hooks),
      (live) => replSpec(live, input, environment),
      hooks,
    );
  }

  runFile(
    input: RunOptions & {
      session: string;
      path: string;
      args?: string[] | undefined;
      env?: Record<string, string> | undefined;
    },
    hooks?: CallHooks,
  ): Promise<Execution> {
    const { keeper, environment, closed } = this.#options;
    const call = { ...input, kind: 'run_file' } as const;
    return keeper.execute(
      input.session,
      turn(input, hooks),
      (live) => fileSpec(live, call, { environment, closed }),
      hooks,
    );
  }

  get(execution: string): Execution {
    return this.#require(execution).execution;
  }

  #require(execution: string): { number: number; execution: Execution } {
    this.#running(execution)?.flush();
    const found = this.#options.store.executions.find(execution);
    if (found !== undefined) return found;
    throw new RuntimeError('EXECUTION_NOT_FOUND', `execution ${JSON.stringify(execution)} does not exist`);
  }

  list(
    filter: PageInput & { session?: string | undefined; status?: ExecutionStatus | undefined } = {},
  ): Page<Execution> {
    const { limit, before } = parsePage(filter);
    const session =
      filter.session === undefined ? undefined : this.#options.keeper.require(filter.session).id;
    this.#options.residents.flush();
    const rows = this.#options.store.executions.list({
      before,
      limit: limit + 1,
      session,
      status: filter.status,
    });
    return pageOf(rows, limit, ({ execution }) => execution);
  }

  events(
    execution: string,
    range: { afterSeq?: number | undefined; limit?: number | undefined } = {},
  ): { items: Event[]; nextSeq: number } {
    const { afterSeq = 0, limit = mostEvents } = range;
    const { number } = this.#require(execution);
    const items = this.#options.store.executions.events(number, afterSeq, Math.min(limit, mostEvents));
    return { items, nextSeq: items.at(-1)?.seq ?? afterSeq };
  }

  cancel(execution: string): boolean {
    const running = this.#running(execution);
    if (running === undefined) this.#require(execution);
    running?.cancel();
    return running !== undefined;
  }

  #running(execution: string) {
    return this.#options.residents.all.find(({ running }) => running?.id === execution)?.running;
  }
}

const turn = (input: RunOptions, hooks: CallHooks | undefined) => ({
  ifBusy: input.ifBusy ?? ('reject' as const),
  signal: hooks?.signal,
});
