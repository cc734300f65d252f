// `session.*`: the runtime's session service, by the names of the wire.
import type { Handlers } from '../../rpc/server.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `session.${string}`>;

export const sessionHandlers = ({
  runtime: { sessions, states },
}: HandlerContext): Pick<Handlers, Group> => ({
  'session.create': (params) => sessions.create(params),
  'session.list': (params) => sessions.list(params),
  'session.get': ({ session }) => sessions.get(session),
  'session.close': ({ session }) => sessions.close(session),
  'session.delete': async ({ session }) => {
    await sessions.delete(session);
    return {};
  },
  'session.interrupt': ({ session }) => ({ interrupted: sessions.interrupt(session) }),
  'session.hibernate': ({ session }) => sessions.hibernate(session),
  'session.fork': ({ session, name }) => states.fork(session, name),
  'session.checkpoint': ({ session, label }) => states.checkpoint(session, label),
  'session.checkpoints': ({ session, ...page }) => states.checkpoints(session, page),
  'session.rollback': ({ session, checkpoint, execution = '' }) =>
    states.rollback(session, checkpoint === undefined ? { execution } : { checkpoint }),
  'session.complete': ({ session, text }) => sessions.complete(session, text),
});
