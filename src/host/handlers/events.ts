// `events.*`: a connection's wishes to be told.
import { newId } from '../../records/index.js';
import type { Handlers } from '../../rpc/server.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `events.${string}`>;

export const eventsHandlers = ({ runtime, delivery }: HandlerContext): Pick<Handlers, Group> => ({
  'events.subscribe': ({ topics, session }, { connection }) => {
    const subscription = newId('sub');
    const sessionId = session === undefined ? undefined : runtime.sessions.get(session).id;
    delivery.subscribe(connection, subscription, { topics: new Set(topics), sessionId });
    return { subscription };
  },
  'events.unsubscribe': ({ subscription }, { connection }) => {
    delivery.unsubscribe(connection, subscription);
    return {};
  },
});
