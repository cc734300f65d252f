// What does the work of the host modules, in a worker. A bundle of its own: only a session whose template grants a
// module that reaches the host has it loaded.
import { databaseModule } from './database/module.js';
import { execModule } from './exec/module.js';
import { fsModule } from './fs/module.js';
import type { HostModule } from './host-module.js';
import { netModule } from './net/module.js';

/** Those of the catalogue that reach the host. */
export const hostModules: Readonly<Record<string, HostModule>> = {
  fs: fsModule,
  exec: execModule,
  database: databaseModule,
  net: netModule,
};
