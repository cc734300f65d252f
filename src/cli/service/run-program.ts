// A command of systemd to what it answered: bounded in time, and no exception for a status that is not 0.
import { execFile } from 'node:child_process';
import type { Environment } from '../context.js';

/** What a program answered. `status` is undefined where it could not be run, or did not end in time. */
export interface Ran {
  status: number | undefined;
  stdout: string;
  stderr: string;
}

export type RunProgram = (program: string, args: readonly string[]) => Promise<Ran>;

/** A daemon that saves has systemd wait for it, ten minutes at most, and systemctl waits with it; all else is quick. */
const patienceMs = 660_000;
/** Logs are asked for by the line, so this is far more than any answer. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** Rejects only when `signal` is aborted. */
export const programRunner =
  (env: Environment, signal: AbortSignal): RunProgram =>
  (program, args) =>
    new Promise((resolve, reject) => {
      const options = {
        env: { ...env, LC_ALL: 'C' },
        signal,
        timeout: patienceMs,
        maxBuffer: maxAnswerBytes,
      };
      execFile(program, [...args], options, (error, stdout, stderr) => {
        if (signal.aborted) return reject(signal.reason as Error); // an AbortError
        if (error === null) return resolve({ status: 0, stdout, stderr });
        const status = typeof error.code === 'number' ? error.code : undefined;
        resolve({ status, stdout, stderr: stderr.trim() === '' ? error.message : stderr });
      });
    });
