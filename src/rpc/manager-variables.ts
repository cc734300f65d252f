// Names of the environment variables by which systemd speaks to one process: no child of it may believe them meant.

/** sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3), systemd.exec(5). */
export const managerVariables = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'JOURNAL_STREAM',
  'INVOCATION_ID',
  'SYSTEMD_EXEC_PID',
  'MANAGERPID',
  'MAINPID',
] as const;
