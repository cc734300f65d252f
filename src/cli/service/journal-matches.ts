// The scope of a service to what journald files its log under.
import type { Scope } from './scope.js';

/** Words for journalctl. Its own `--user` would see nothing of a journal that is kept in memory. */
export const journalMatches = ({ manager, serviceUnit, uid }: Scope): string[] =>
  manager === '--user'
    ? [`_SYSTEMD_USER_UNIT=${serviceUnit}`, `_UID=${uid}`, '+', `USER_UNIT=${serviceUnit}`, `_UID=${uid}`]
    : [`_SYSTEMD_UNIT=${serviceUnit}`, '+', `UNIT=${serviceUnit}`];
