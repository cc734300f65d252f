// What the `config` of a capability of kind `module` may say, by the module's name; `net` for those of kind `net`.
import * as z from 'zod';
import { DatabaseConfig } from './database/config.js';
import { ExecConfig } from './exec/config.js';
import { FsConfig } from './fs/config.js';
import { NetConfig } from './net/config.js';

const nothing = z.strictObject({});

/** Of every module of the catalogue. */
export const configs: Readonly<Record<string, z.ZodType>> = {
  fs: FsConfig,
  path: nothing,
  buffer: nothing,
  exec: ExecConfig,
  database: DatabaseConfig,
  net: NetConfig,
};
