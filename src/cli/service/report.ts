// Steps to what is told of them: a line each as they are done, or one document for --json, or only a list.
import { print, type Context } from '../context.js';
import { describeStep, performStep, type Step } from './steps.js';
import type { Scope } from './scope.js';

/** Does the steps in order and tells of each; with `dryRun` only tells. */
export async function carryOut(
  steps: readonly Step[],
  { context, scope, dryRun }: { context: Context; scope: Scope; dryRun: boolean },
): Promise<void> {
  for (const step of steps) {
    const line = describeStep(step, scope, { done: !dryRun });
    if (dryRun) tellPlanned(context, step, line);
    else {
      await performStep(step, scope, context.signal);
      if (!context.json) print(context, [done(context, step, line)]);
    }
  }
}

/** What --json says of the steps. */
export const stepsAsJson = (steps: readonly Step[], scope: Scope): unknown[] =>
  steps.map((step) => ({
    kind: step.kind,
    what: describeStep(step, scope),
    ...(step.kind === 'write' ? { path: step.path, text: step.text } : {}),
  }));

function tellPlanned(context: Context, step: Step, line: string): void {
  if (context.json) return;
  if (step.kind === 'note') return print(context, [line]);
  print(context, [context.paint('bold', `would ${line}`)]);
  if (step.kind === 'write') {
    print(
      context,
      step.text
        .trimEnd()
        .split('\n')
        .map((text) => `    ${text}`.trimEnd()),
    );
  }
}

const done = ({ paint }: Context, step: Step, line: string): string =>
  step.kind === 'note' ? line : `${paint('green', '✓')} ${line}`;
