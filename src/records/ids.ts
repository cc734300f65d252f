// Ids and names: what a client may write wherever a template or a session is asked for.
// An id is `PREFIX_` and 16 characters; a name can never look like one, so the two never collide.
import { randomFillSync } from 'node:crypto';
import * as z from 'zod';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

const id = <Prefix extends string>(prefix: Prefix) =>
  z
    .custom<`${Prefix}_${string}`>(
      (value) => typeof value === 'string' && new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{16}$`).test(value),
      { error: `expected an id such as ${prefix}_0123456789abcdef` },
    )
    .meta({ type: 'string', pattern: `^${prefix}_[0-9a-hjkmnp-tv-z]{16}$` });

export const TemplateId = id('tpl');
export const SessionId = id('ses');
export const ExecutionId = id('exe');
export const CheckpointId = id('chk');
export const SubscriptionId = id('sub');
export type TemplateId = z.infer<typeof TemplateId>;
export type SessionId = z.infer<typeof SessionId>;
export type ExecutionId = z.infer<typeof ExecutionId>;
export type CheckpointId = z.infer<typeof CheckpointId>;
export type SubscriptionId = z.infer<typeof SubscriptionId>;

const idChars = 16;
/** Random bytes for the next 256 ids: asking for those of one costs more than all else that an id needs. */
const random = new Uint8Array(256 * idChars);
let used = random.length;

/** A new random id, 80 bits: `newId('ses')` gives `ses_` and 16 characters of Crockford's base 32. */
export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  let text = '';
  for (const byte of random.subarray(used, used + idChars)) text += alphabet[byte & 31];
  used += idChars;
  return `${prefix}_${text}`;
}

/** A name that a person gives to a template or a session: unique among its kind, never shaped like an id. */
export const Name = z
  .string()
  .regex(
    /^(?!(?:tpl|ses|exe|chk|sub)_)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'expected 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit and not like an id',
  );

/** What a client writes to mean one existing record: its id or its unique name. */
export const Reference = z.string().min(1).max(128);

/** A moment, ISO 8601 in UTC, as `Date.prototype.toISOString` writes it. */
export const Timestamp = z.string().meta({ format: 'date-time' });
