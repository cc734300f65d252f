import * as z from 'zod';
import { SessionId, Timestamp } from '../../records/index.js';
import { method, noParams, nothing } from './method.js';

const count = z.int().min(0);

export const systemMethods = {
  'rpc.discover': method({
    summary: 'The OpenRPC document of this interface.',
    params: noParams,
    result: z.record(z.string(), z.unknown()),
    idempotent: true,
  }),
  'system.health': method({
    summary: 'Whether the daemon answers.',
    params: noParams,
    result: z.strictObject({ status: z.literal('ok') }),
    idempotent: true,
  }),
  'system.info': method({
    summary: 'What runs here, since when, and where it keeps its things.',
    params: noParams,
    result: z.strictObject({
      name: z.literal('vmsysd'),
      version: z.string(),
      protocol: z.string().describe('version of this interface'),
      engine: z.strictObject({ name: z.string(), version: z.string() }),
      pid: z.int(),
      startedAt: Timestamp,
      activation: z.enum(['systemd', 'direct']),
      idleExitMs: count.describe('idle for so long it leaves; 0 for never'),
      socketPath: z.string(),
      databasePath: z.string(),
      libraryPath: z.string(),
      log: z.strictObject({
        kind: z.enum(['journal', 'file', 'stderr']).describe('where the log goes'),
        path: z.string().optional().describe('of the file'),
      }),
    }),
    idempotent: true,
  }),
  'system.summary': method({
    summary: 'How many sessions, executions and workers there are, by their state.',
    params: noParams,
    result: z.strictObject({
      sessions: z.strictObject({
        ready: count,
        live: count,
        hibernated: count,
        crashed: count,
        closed: count,
      }),
      liveSessionIds: z.array(SessionId),
      executions: z.strictObject({ running: count, total: count }),
      workers: z.strictObject({ busy: count, idle: count, max: count }),
    }),
    idempotent: true,
  }),
  'system.metrics': method({
    summary: 'Counters and gauges in the Prometheus text format.',
    params: noParams,
    result: z.strictObject({ contentType: z.string(), text: z.string() }),
    idempotent: true,
  }),
  'system.reload': method({
    summary: 'Read flags, variables and the config file again, as SIGHUP does.',
    params: noParams,
    result: z.strictObject({
      applied: z.array(z.string()).describe('settings that changed and hold from now on'),
      needRestart: z.array(z.string()).describe('settings that changed and hold from the next start on'),
    }),
    idempotent: true,
  }),
  'system.shutdown': method({
    summary: 'Ask clients to leave, save and exit.',
    params: noParams,
    result: nothing,
  }),
};
