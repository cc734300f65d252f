// One command of the CLI, whether it is a method of the table or stands beside them.
import type * as z from 'zod';
import type { Context } from './context.js';

export interface Command<Params extends z.ZodType = z.ZodType> {
  /** One word or two: `eval`, `session create`. */
  words: string;
  summary: string;
  params: Params;
  /** Names of the params taken by position, in order. */
  positional?: readonly string[];
  /** Params that `--no-NAME` takes away, though they are no booleans. */
  negatable?: readonly string[];
  /** Does it; answers the exit status. `withheld` names what `--no-NAME` took away. */
  run(context: Context, params: z.output<Params>, withheld: ReadonlySet<string>): Promise<number>;
}

/** Keeps the type of the params between `params` and `run`. */
export const command = <Params extends z.ZodType>(spec: Command<Params>): Command => ({
  ...spec,
  // The runner hands over only what `params` has parsed.
  run: (context, params, withheld) => spec.run(context, params as z.output<Params>, withheld),
});
