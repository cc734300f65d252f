// argv to flags: what the person who starts the daemon typed. An unknown flag is refused, not ignored.
import { parseArgs } from 'node:util';
import { StartError } from './errors.js';
import { logFormats, logLevels } from './log-format.js';
import { peerRules } from './peers.js';

export interface Flags {
  socket?: string | undefined;
  stateDir?: string | undefined;
  cacheDir?: string | undefined;
  logLevel?: string | undefined;
  logFormat?: string | undefined;
  config?: string | undefined;
  idleExit?: string | undefined;
  peers?: string | undefined;
  help: boolean;
  version: boolean;
}

export const usage = `usage: vmsysd [options]

Keeps sandboxed JavaScript sessions and serves them on a Unix socket.

  --socket PATH       where to listen (default: $XDG_RUNTIME_DIR/vmsys/vmsysd.sock)
  --state-dir DIR     folder of the database (default: $XDG_STATE_HOME/vmsys or ~/.local/state/vmsys)
  --cache-dir DIR     folder of the libraries (default: $XDG_CACHE_HOME/vmsys or ~/.cache/vmsys)
  --log-level LEVEL   ${logLevels.join(', ')} (default: info)
  --log-format FORMAT ${logFormats.join(', ')} (default: auto: pretty on a terminal, else json;
                      in the journal, json without the time)
  --config FILE       settings (default: $XDG_CONFIG_HOME/vmsys/config.json or ~/.config/vmsys/config.json)
  --idle-exit SECONDS leave when nobody is connected and nothing runs for so long; 0: never
                      (default: 600 where systemd listens, else never)
  --peers WHO         ${peerRules.join(' or ')}: who may connect (default: owner)
  --help, --version

Variables: VMSYS_SOCKET, VMSYS_STATE_DIR, VMSYS_CACHE_DIR, VMSYS_LOG_LEVEL, VMSYS_LOG_FORMAT.
A flag wins over a variable, a variable over the config file.
`;

/** Reads argv (without node and script). Throws StartError `USAGE` for what it does not know. */
export function parseFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        socket: { type: 'string' },
        'state-dir': { type: 'string' },
        'cache-dir': { type: 'string' },
        'log-level': { type: 'string' },
        'log-format': { type: 'string' },
        config: { type: 'string' },
        'idle-exit': { type: 'string' },
        peers: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'V', default: false },
      },
    });
    return {
      socket: values.socket,
      stateDir: values['state-dir'],
      cacheDir: values['cache-dir'],
      logLevel: values['log-level'],
      logFormat: values['log-format'],
      config: values.config,
      idleExit: values['idle-exit'],
      peers: values.peers,
      help: values.help,
      version: values.version,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError('USAGE', `${reason}\nRun "vmsysd --help" for the flags there are.`, {
      cause: error,
    });
  }
}
