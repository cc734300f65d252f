// How the daemon fares to what systemd is told of it: sd_notify(3). Without a socket to tell, it tells nobody.
import { constants } from 'node:os';
import type { Log } from './log.js';
import type { Native } from './native.js';

export interface Notifier {
  /** The first call would succeed. From now on the watchdog is fed by this thread. */
  ready(): void;
  /** A line for `systemctl status`, made when it is told: at most once a second, whatever changes meanwhile. */
  status(make: () => string): void;
  reloading(): void;
  /** It is on its way out. */
  stopping(): void;
  /** Has systemd wait for `work`, however long it takes within reason. */
  patienceFor<Value>(work: Promise<Value>): Promise<Value>;
  /** Has systemd wait `ms` more, once: for work that blocks this thread. */
  patience(ms: number): void;
  /** Says nothing more, and feeds no watchdog. Idempotent. */
  close(): void;
}

export interface NotifierOptions {
  socket: string | undefined;
  watchdogMs: number | undefined;
  native: Pick<Native, 'sendDatagram'> | undefined;
  log: Log;
}

const statusEveryMs = 1000;
/** systemd is asked for so much more time, this often; its answer to silence comes after the first of them. */
const extensionMs = 10_000;
const extendEveryMs = 2000;
/** Work that takes longer than this hangs: systemd may end it. */
const longestWorkMs = 600_000;
/** The manager reads slowly while a machine boots: a message is tried again this often, for about five seconds. */
const againMs = 100;
const attempts = 50;
/** More than are made in those five seconds, unless somebody reloads in a loop: then the oldest are dropped. */
const mostWaiting = 64;

export function createNotifier({ socket, watchdogMs, native, log }: NotifierOptions): Notifier {
  let closed = socket === undefined || native === undefined;
  let statusDue: NodeJS.Timeout | undefined;
  let isStopping = false;
  let shown = '';
  let watchdog: NodeJS.Timeout | undefined;
  /** In the order in which they were made: a READY=1 before its RELOADING=1 would leave the unit reloading. */
  const waiting: string[] = [];
  let again: NodeJS.Timeout | undefined;
  let attempt = 1;
  /** That nobody hears is logged once, until somebody does. */
  let isUnheard = false;

  const complain = (told: string, errno: number): void => {
    if (isUnheard) return;
    isUnheard = true;
    log.error('systemd could not be told; it may take this daemon for one that hangs', {
      told,
      socket,
      errno,
    });
  };
  const flush = (): void => {
    again = undefined;
    for (let [text] = waiting; text !== undefined; [text] = waiting) {
      if (closed || socket === undefined || native === undefined) return;
      const fault = native.sendDatagram(socket, text);
      if (fault === constants.errno.EAGAIN && attempt < attempts) {
        attempt += 1;
        again = setTimeout(flush, againMs).unref();
        return;
      }
      waiting.shift();
      if (fault !== 0) complain(text, fault);
      else {
        attempt = 1;
        isUnheard = false;
      }
    }
  };
  const send = (text: string): void => {
    if (closed) return;
    if (waiting.length === mostWaiting) waiting.shift();
    waiting.push(text);
    if (again === undefined) flush();
  };
  const extend = (ms: number): void => send(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`);
  const showStatus = (text: string): void => {
    statusDue = undefined;
    if (text === shown) return;
    shown = text;
    send(`STATUS=${text}`);
  };
  return {
    ready: () => {
      send('READY=1');
      if (closed || watchdogMs === undefined || watchdog !== undefined) return;
      watchdog = setInterval(() => send('WATCHDOG=1'), watchdogMs / 2).unref();
    },
    status: (make) => {
      if (closed || isStopping || statusDue !== undefined) return;
      statusDue = setTimeout(() => showStatus(make()), shown === '' ? 0 : statusEveryMs).unref();
    },
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => {
      isStopping = true;
      clearTimeout(statusDue);
      send('STOPPING=1\nSTATUS=stopping');
    },
    patienceFor: async (work) => {
      if (closed) return work;
      const since = performance.now();
      const timer = setInterval(() => {
        if (performance.now() - since < longestWorkMs) extend(extensionMs);
      }, extendEveryMs);
      try {
        return await work;
      } finally {
        clearInterval(timer);
      }
    },
    patience: extend,
    close: () => {
      closed = true;
      clearTimeout(again);
      clearTimeout(statusDue);
      clearInterval(watchdog);
    },
  };
}
