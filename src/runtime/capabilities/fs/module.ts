// The host module `fs`: the worktree and the folders and files that were granted, nothing else.
import { join } from 'node:path';
import type { HostModule } from '../host-module.js';
import { FsConfig } from './config.js';
import { FileOperations } from './operations.js';
import { Reach } from './reach.js';

export const fsModule: HostModule = {
  open({ config, worktree, capabilities, template, closed, leftMs, run }) {
    const { write, ...bounds } = FsConfig.parse(config);
    const reach = new Reach({ worktree, write, capabilities, closed });
    return new FileOperations({
      ...bounds,
      // Without a worktree a relative path leads to what is nowhere granted.
      place: {
        reach,
        base: worktree ?? join('/', 'no-worktree'),
        template,
        worktree,
        module: 'fs',
        capabilities,
      },
      leftMs,
      run,
    });
  },
};
