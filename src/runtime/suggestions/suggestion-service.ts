// A session or an execution, as a client names it, to what its template would have to grant: the ledger is read from
// the store, and the file system asked where its paths really are.
import { homedir } from 'node:os';
import type { SessionId } from '../../records/index.js';
import { deniedPaths, realPaths } from '../capabilities/fs/reach.js';
import { RuntimeError } from '../errors.js';
import type { Residents } from '../residents.js';
import type { SessionKeeper } from '../session-keeper.js';
import type { Store } from '../store/store.js';
import type { Suggestion, Suggestions } from '../types.js';
import { distinctCalls } from './distinct-calls.js';
import { suggestCapabilities } from './suggest.js';

/** Events that are looked at, the newest: a hundred executions' full ledgers, read in well under a second. */
const greatestLedger = 20_000;

export interface SuggestionServiceOptions {
  store: Store;
  residents: Residents;
  keeper: SessionKeeper;
  /** Folders that no grant reaches into. */
  closed: readonly string[];
}

export class SuggestionService implements Suggestions {
  readonly #options: SuggestionServiceOptions;

  constructor(options: SuggestionServiceOptions) {
    this.#options = options;
  }

  suggest(of: { session: string } | { execution: string }): Suggestion {
    const { store, residents, keeper, closed } = this.#options;
    residents.flush();
    const { id, execution } =
      'session' in of
        ? { id: keeper.require(of.session).id, execution: undefined }
        : this.#find(of.execution);
    const { templateId, templateVersion, worktree } = keeper.require(id);
    const { calls, unrecorded } = store.executions.ledger({ session: id, execution }, greatestLedger);
    const realPath = realPaths();
    const { distinct, covered } = distinctCalls(calls);
    const granted = store.templates.policy(templateId, templateVersion)?.capabilities ?? [];
    const suggested = suggestCapabilities(distinct, {
      granted,
      worktree,
      closed: [...closed, ...deniedPaths(granted, worktree)].map(realPath),
      home: realPath(homedir()),
      realPath,
    });
    return {
      template: store.templates.nameOf(templateId) ?? templateId,
      ...suggested,
      calls: covered.length,
      denied: covered.filter(({ allowed }) => !allowed).length,
      unrecorded: unrecorded + calls.length - covered.length,
    };
  }

  #find(execution: string): { id: SessionId; execution: number } {
    const found = this.#options.store.executions.find(execution);
    if (found !== undefined) return { id: found.execution.sessionId, execution: found.number };
    throw new RuntimeError('EXECUTION_NOT_FOUND', `execution ${JSON.stringify(execution)} does not exist`);
  }
}
