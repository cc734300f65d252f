// The templates of the example scripts grant what the scripts use, which is what would be suggested for them, and
// nothing that they can do without.
import t from 'tap';
import type { CapabilityInput, Execution, Session, TemplateDocument } from '#src/records/index.js';
import { startDaemon, type RunningDaemon } from '../fixtures/daemon.js';
import { copyOf, exampleScripts, runOf, smallerTemplates } from '../fixtures/example-scripts.js';
import { exampleRegistry } from '../fixtures/installed-package.js';
import { ReplyError } from '../fixtures/line-client.js';

interface Run {
  document: TemplateDocument;
  worktree: string;
  /** Of the script's comment. */
  commands: readonly string[];
}

t.test('there are ten examples', (t) => {
  t.ok(exampleScripts().length >= 10);
  t.end();
});

/** Makes a session and runs all in it; with what failed first, if anything did. */
async function runAll(
  daemon: RunningDaemon,
  { document, worktree, commands }: Run,
): Promise<{ session?: string; failure?: string }> {
  try {
    await daemon.call('template.apply', document);
    const { id } = await daemon.call<Session>('session.create', { template: document.name, worktree });
    for (const run of commands.map(runOf)) {
      if (run === undefined) continue;
      const { error } = await daemon.call<Execution>('exec.runFile', { session: id, ...run });
      if (error !== undefined) return { session: id, failure: error.message };
    }
    return { session: id };
  } catch (error) {
    // Without what a capability must say there is no template at all.
    if (error instanceof ReplyError && error.code === 'VALIDATION_ERROR') return { failure: error.message };
    throw error;
  }
}

const sorted = (capabilities: readonly CapabilityInput[] = []): CapabilityInput[] =>
  capabilities.toSorted((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));

t.test('the examples', { timeout: 115_000 }, async (t) => {
  const registry = await exampleRegistry(t);
  const daemon = await startDaemon(t, { env: { ...registry.env, USER: 'Vera' } });
  for (const spec of ['dayjs', 'lodash', 'yaml']) await daemon.call('lib.add', { spec });

  for (const example of exampleScripts()) {
    const { name, commands, template } = example;
    await t.test(`the template of ${name} grants what it uses, and nothing else`, async (t) => {
      const worktree = copyOf(t, example);
      if (worktree === undefined) {
        t.pass(name, { skip: 'git is not installed' });
        return;
      }
      t.equal(template.name, name);
      const { session, failure } = await runAll(daemon, { document: template, worktree, commands });
      t.equal(failure, undefined);
      const suggestion = await daemon.call<{ capabilities: CapabilityInput[] }>('template.suggest', {
        session,
      });
      t.strictSame(sorted(suggestion.capabilities), sorted(template.capabilities), 'as would be suggested');
      t.match(suggestion, { unused: [], uncovered: [], denied: 0, unrecorded: 0 });

      for (const { without, document } of smallerTemplates(template)) {
        const copy = copyOf(t, example) ?? worktree;
        const less = { ...document, name: 'less' };
        const outcome = await runAll(daemon, { document: less, worktree: copy, commands });
        t.type(outcome.failure, 'string', `it fails without ${without}: ${outcome.failure}`);
      }
    });
  }
});
