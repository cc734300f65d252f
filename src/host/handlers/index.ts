// The handlers of every method: where the wire meets the runtime.
import type { Handlers } from '../../rpc/server.js';
import type { HandlerContext } from './context.js';
import { eventsHandlers } from './events.js';
import { execHandlers } from './exec.js';
import { libHandlers } from './lib.js';
import { sessionHandlers } from './session.js';
import { systemHandlers } from './system.js';
import { templateHandlers } from './template.js';

export const createHandlers = (context: HandlerContext): Handlers => ({
  ...systemHandlers(context),
  ...templateHandlers(context),
  ...sessionHandlers(context),
  ...execHandlers(context),
  ...libHandlers(context),
  ...eventsHandlers(context),
});
