// Checkpoints: states of a session that a user asked to keep.
import * as z from 'zod';
import { CheckpointId, Timestamp } from './ids.js';

export const Checkpoint = z.strictObject({
  checkpoint: CheckpointId,
  label: z.string().optional(),
  createdAt: Timestamp,
  bytes: z.int().describe('bytes its image takes in the database'),
});
export type Checkpoint = z.infer<typeof Checkpoint>;
