// The group `service`: the daemon under systemd. These are no methods of the wire: they are about the daemon, not for it.
import type { Command } from '../command.js';
import { doctorCommand } from './doctor/command.js';
import { installCommand } from './install.js';
import { statusCommand } from './status.js';
import { uninstallCommand } from './uninstall.js';

export const serviceCommands: readonly Command[] = [
  installCommand,
  uninstallCommand,
  statusCommand,
  doctorCommand,
];
