// Sessions: a runtime that keeps its state between executions, live in a worker or hibernated in the store.
import * as z from 'zod';
import { Name, SessionId, TemplateId, Timestamp } from './ids.js';
import { Integrity, LibraryId, PinnedLibrary } from './library.js';

export const SessionStatus = z.enum(['starting', 'ready', 'crashed', 'closed']);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const Residency = z.enum(['live', 'hibernated', 'none']);
export type Residency = z.infer<typeof Residency>;

/** A library of a session that is no longer in the cache as the session loaded it. */
export const StaleLibrary = z.strictObject({
  id: LibraryId,
  change: z.enum(['changed', 'removed']),
  integrity: Integrity.optional().describe('of what is there now'),
});
export type StaleLibrary = z.infer<typeof StaleLibrary>;

export const Session = z.strictObject({
  id: SessionId,
  name: Name.optional(),
  templateId: TemplateId,
  templateVersion: z.int().min(1),
  workspaceId: z.string().optional(),
  baseCommit: z.string().optional(),
  worktree: z.string().optional().describe('absolute path of the folder whose files the session may run'),
  libraries: z.array(PinnedLibrary).describe('what it loaded when it started'),
  stale: z.array(StaleLibrary).optional().describe('libraries of it that have changed since, or are gone'),
  status: SessionStatus,
  residency: Residency.describe('where the state is: in a worker, in the store, or nowhere'),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  closedAt: Timestamp.optional(),
  lastError: z.string().optional(),
  storedBytes: z
    .int()
    .describe('bytes its state, checkpoints and history take in the database, beyond its template'),
  restoredFrom: z.string().optional().describe('the image that the present state was restored from, and why'),
});
export type Session = z.infer<typeof Session>;

/** What a client says to make a session, the template apart. `worktree` is an absolute path. */
export const SessionInput = z.strictObject({
  name: Name.optional(),
  workspaceId: z.string().max(256).optional(),
  baseCommit: z.string().max(256).optional(),
  worktree: z.string().min(1).max(4096).optional().meta({ cli: 'path' }),
});
export type SessionInput = z.infer<typeof SessionInput>;
