// What systemd knows of our two units, read from `systemctl show`.
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';

export interface UnitState {
  /** `loaded`, `not-found`, `masked`, `bad-setting`. */
  load: string;
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`. */
  active: string;
  /** `listening`, `running`, `dead`. */
  sub: string;
  /** `success`, or how it failed: `service-start-limit-hit`, `trigger-limit-hit`, `exit-code`. */
  result: string;
  /** `enabled`, `disabled`, or empty. */
  enabled: string;
  /** The file that systemd read, empty where there is none. */
  file: string;
  needsReload: boolean;
  pid: number | undefined;
  /** What the main process ended with; 203, 217, 226 are systemd's own (systemd.exec(5)). */
  exitStatus: number;
  since: string | undefined;
  restarts: number;
}

const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'UnitFileState',
  'FragmentPath',
  'NeedDaemonReload',
  'MainPID',
  'ExecMainStatus',
  'ActiveEnterTimestamp',
  'NRestarts',
];

/** Asks for one unit; throws ServiceFault where the manager does not answer. */
export async function unitState(scope: Scope, unit: string): Promise<UnitState> {
  const { status, stdout, stderr } = await scope.run('systemctl', [
    scope.manager,
    'show',
    '--no-pager',
    '--timestamp=utc',
    `--property=${properties.join(',')}`,
    unit,
  ]);
  if (status !== 0) throw new ServiceFault(`systemd does not say how ${unit} is: ${stderr.trim()}`);
  const values = new Map(stdout.split('\n').map((line) => cut(line)));
  const text = (name: string): string => values.get(name) ?? '';
  return {
    load: text('LoadState'),
    active: text('ActiveState'),
    sub: text('SubState'),
    result: text('Result'),
    enabled: text('UnitFileState'),
    file: text('FragmentPath'),
    needsReload: text('NeedDaemonReload') === 'yes',
    pid: Number(text('MainPID')) || undefined,
    exitStatus: Number(text('ExecMainStatus')) || 0,
    since: timestamp(text('ActiveEnterTimestamp')),
    restarts: Number(text('NRestarts')) || 0,
  };
}

const cut = (line: string): [string, string] => {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
};

/** `Mon 2026-11-23 03:21:42 UTC` as ISO 8601. */
function timestamp(text: string): string | undefined {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/.exec(text) ?? [];
  return date === undefined || time === undefined ? undefined : `${date}T${time}Z`;
}

/** Whether both units may be started again, which is then what brings the socket back. */
export const hitLimit = ({ result }: UnitState): boolean => result.endsWith('-limit-hit');
