// One call of a host module: made, timed, and told of, whether it was allowed or not.
import type { HostCall } from '../../records/index.js';
import { HostError, type HostAnswer, type OpenHostModule } from '../capabilities/host-module.js';
import type { HostValue } from '../engine/module-host.js';

/** A target is for people to read; a script may pass a whole program as one. */
const greatestTarget = 1024;

type Ledger = Pick<HostAnswer, 'bytes' | 'write' | 'path'>;

export interface Calling {
  /** The module's name. */
  module: string;
  /** The function's. */
  name: string;
  args: readonly HostValue[];
}

/** Who is told of it. */
export interface Told {
  onCall?: (call: HostCall) => void;
  /** Of what failed and is not the script's doing. */
  onFault?: (error: unknown) => void;
}

/** Throws what the module throws: for a script to catch, an Error with its code and fields as properties. */
export function callHostModule(
  opened: OpenHostModule,
  { module, name, args }: Calling,
  { onCall, onFault }: Told = {},
): HostValue {
  const startedAt = performance.now();
  const tell = (allowed: boolean, target: string, { bytes, write, path }: Ledger): void =>
    onCall?.({
      module,
      call: name,
      target: target.slice(0, greatestTarget),
      allowed,
      ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
      ...(bytes === undefined ? {} : { bytes }),
      ...(write === undefined ? {} : { write }),
      ...(path === undefined ? {} : { path: path.slice(0, greatestTarget) }),
    });
  try {
    const answer = opened.call(name, args);
    if (answer.calls === undefined) tell(true, answer.target ?? '', answer);
    for (const call of answer.calls ?? [])
      onCall?.({ module, ...call, target: call.target.slice(0, greatestTarget) });
    return answer.value;
  } catch (error) {
    if (!(error instanceof HostError)) {
      tell(true, '', {});
      onFault?.(error);
      throw Object.assign(new Error(`${module}.${name}: failed; the daemon’s log says more`), {
        code: 'EIO',
      });
    }
    tell(!error.denied, error.target ?? '', error.ledger);
    const { message, code, fields } = error;
    throw Object.assign(new Error(message), { code, ...fields });
  }
}
