// `vmsys watch`: what happens in the daemon to one line each, until Ctrl-C, or until no daemon follows one
// that ended.
import * as z from 'zod';
import { Reference, type Event, type ExecutionId, type Session } from '../records/index.js';
import { notifications, Topic, type NotificationParams } from '../rpc/methods/events.js';
import { command } from './command.js';
import { note, print, type Context } from './context.js';
import { exitStatus, NoDaemon } from './fault.js';
import { Follower } from './follow.js';
import { cellOf } from './output/columns.js';

const usualTopics: Topic[] = ['execution', 'session', 'library'];

export const watchCommand = command({
  words: 'watch',
  summary: 'Follow what happens, in one session or in all; with --json one document a line.',
  params: z.strictObject({
    session: Reference.optional().describe('only of this session (id or name)'),
    topics: z.array(Topic).min(1).optional().describe('default: execution,session,library'),
  }),
  positional: ['session'],
  async run(context, { session, topics = usualTopics }) {
    const client = await context.connect();
    const follower = new Follower(client, (event, execution) => showEvent(context, event, execution));
    const stop = client.onNotification((name, params) => {
      if (name === 'session.changed') {
        const told = notifications[name].safeParse(params).data;
        if (told !== undefined) showSession(context, told.session);
      }
      if (name === 'lib.changed') {
        const told = notifications[name].safeParse(params).data;
        if (told !== undefined) showLibrary(context, told);
      }
    });
    const stopNoting = client.onReconnect(() =>
      note(context, [context.paintError('dim', 'connected again; what happened meanwhile is not shown')]),
    );
    try {
      const params = { topics, ...(session === undefined ? {} : { session }) };
      await client.call('events.subscribe', params, { signal: context.signal });
      if (!context.json) note(context, [context.paintError('dim', 'watching; Ctrl-C ends it')]);
      await Promise.race([client.closed, aborted(context.signal)]);
    } finally {
      stop();
      stopNoting();
      follower.close();
    }
    if (context.signal.aborted) return exitStatus.cancelled;
    throw new NoDaemon('the daemon is gone; nothing more is to be seen');
  },
});

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function showEvent(context: Context, event: Event, executionId: ExecutionId): void {
  if (context.json) return print(context, [JSON.stringify({ executionId, event })]);
  const { paint } = context;
  const kind = event.type === 'console' ? `console.${event.payload.level}` : event.type;
  const style = event.type === 'exception' || event.type === 'stderr' ? 'red' : 'cyan';
  const text = cellOf({ ...event }, 'text');
  print(context, [`${paint('dim', `${event.ts} ${executionId}`)} ${paint(style, kind)} ${text}`]);
}

function showSession(context: Context, session: Session): void {
  if (context.json) return print(context, [JSON.stringify({ session })]);
  const name = session.name === undefined ? '' : ` (${session.name})`;
  const state = session.lastError ?? session.residency;
  const line = `${context.paint('magenta', `session ${session.status}`)} ${state}`;
  print(context, [`${context.paint('dim', `${session.lastUsedAt} ${session.id}${name}`)} ${line}`]);
}

function showLibrary(context: Context, told: NotificationParams<'lib.changed'>): void {
  if (context.json) return print(context, [JSON.stringify(told)]);
  const { change, library, problem = '' } = told;
  const what = context.paint(change === 'damaged' ? 'red' : 'blue', `library ${change}`);
  const when = context.paint('dim', new Date().toISOString());
  print(context, [`${when} ${what} ${library.id} ${problem}`.trimEnd()]);
}
